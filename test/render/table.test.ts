import fc from 'fast-check';
import { expect, test } from 'vitest';
import { markdown, markdownTable, textRows, textTable } from '../../src/render/index.ts';
import { burglary } from './machines.ts';

test('a counterexample for a terminal', () => {
  expect(textTable(burglary)).toMatchInlineSnapshot(`
    "The door opens without a key
    old lock

    step  who      event              kernel symbol  what changed
    ----  -------  -----------------  -------------  --------------------------------------
    1     owner    lock[key=true]     do_lock        door: closed.unlocked -> closed.locked
    2     world    night_falls                       owner: awake -> asleep
    3     burglar  knock              do_knock
    4     burglar  unlock[key=false]  do_unlock      door: closed.locked -> closed.unlocked
                                                     alarm: armed -> fooled

    Step 4 violates only-with-a-key: door is closed.unlocked & nobody had a <key>"
  `);
});

test('a narrow terminal wraps, and loses nothing', () => {
  expect(textTable(burglary, { width: 64 })).toMatchInlineSnapshot(`
    "The door opens without a key
    old lock

    step  who      event             kernel symbol  what changed
    ----  -------  ----------------  -------------  ----------------
    1     owner    lock[key=true]    do_lock        door:
                                                    closed.unlocked
                                                    -> closed.locked
    2     world    night_falls                      owner: awake ->
                                                    asleep
    3     burglar  knock             do_knock
    4     burglar  unlock            do_unlock      door:
                   [key=false]                      closed.locked ->
                                                    closed.unlocked
                                                    alarm: armed ->
                                                    fooled

    Step 4 violates only-with-a-key: door is closed.unlocked &
    nobody had a <key>"
  `);
});

test('colours only when told, and then they change nothing else', () => {
  const plain = textTable(burglary);
  const coloured = textTable(burglary, { colour: true });
  const escapes = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');
  expect(plain).not.toMatch(escapes);
  expect(coloured).toMatch(escapes);
  expect(coloured.replace(escapes, '')).toBe(plain);
  const red = coloured.split('\n').filter((line) => line.includes(`${String.fromCharCode(27)}[31m`));
  expect(red[0]).toContain('unlock[key=false]');
});

test('a violation in the initial state has no step to name', () => {
  const trace = { title: 't', steps: [], verdict: { property: 'p', because: 'so' } };
  expect(textTable(trace)).toContain('The initial state violates p: so');
});

test('a counterexample in Markdown', () => {
  expect(markdownTable(burglary)).toMatchInlineSnapshot(`
    "**The door opens without a key**

    old lock

    | step | who | event | kernel symbol | what changed |
    | --- | --- | --- | --- | --- |
    | 1 | owner | \`lock[key=true]\` | \`do_lock\` | door: closed.unlocked → closed.locked |
    | 2 | world | \`night_falls\` |  | owner: awake → asleep |
    | 3 | burglar | \`knock\` | \`do_knock\` |  |
    | 4 | burglar | \`unlock[key=false]\` | \`do_unlock\` | door: closed.locked → closed.unlocked<br>alarm: armed → fooled |

    **Step 4 violates only-with-a-key: door is closed.unlocked &amp; nobody had a &lt;key&gt;**"
  `);
});

test('cells of a Markdown table are text, not markup', () => {
  expect(markdown([['a|b', '*x* <y> `z`\n_w_']], ['first', '#2'])).toMatchInlineSnapshot(`
    "| first | \\#2 |
    | --- | --- |
    | a\\|b | \\*x\\* &lt;y&gt; \\\`z\\\`<br>\\_w\\_ |"
  `);
});

test('columns are aligned, and no line ends in a space', () => {
  expect(
    textRows(
      [
        ['page', '12'],
        ['swiotlb-pool', '7'],
      ],
      ['machine', 'states'],
    ),
  ).toMatchInlineSnapshot(`
    "machine       states
    ------------  ------
    page          12
    swiotlb-pool  7"
  `);
});

const cell = fc.stringMatching(/^[A-Za-z0-9_.[\]=, ]{0,50}$/);

test('lines keep to the width if each column can have its least, and every character of every cell is there', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 28, max: 120 }),
      (rows, width) => {
        const text = textRows(rows, ['a', 'b', 'c'], { width });
        expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
        const letters = (s: string): string => [...s.replace(/[\s-]/g, '')].sort().join('');
        expect(letters(text)).toBe(letters(['a', 'b', 'c', ...rows.flat()].join('')));
      },
    ),
    { seed: 3, numRuns: 200 },
  );
});
