/** `ccdma check`: what it prints, what it returns, and that what it prints can be pasted. */
import { expect, test } from 'vitest';
import { ccdma, paste, schemaOf } from './run.ts';

const replays = (out: string) =>
  out
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('npx ccdma replay'));

test('the whole series holds', async () => {
  const { code, out, err } = await ccdma(['check', 'dynamic-pools', '--platform', 'cca']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^Explored completely: \d+ states, \d+ transitions\.$/m);
  expect(out).toMatch(
    /patches 1, 2, 5, 7, 17 and 20 act in this system; 3, 4, 6, 8 to 16, 18 and 19\s+do\s+not\s+act/,
  );
  expect(out).toMatch(/^no-sleep-in-atomic +holds +a conversion is called \(\d+ steps\)$/m);
  // call_rcu is what patch 17 takes away.
  expect(out).toMatch(/^Warning: can never happen here, [^.]*\bcall_rcu \(driver,\s+pool\[T\],\s+work/m);
  expect(out).not.toMatch(/FAILS/);
});

test('without the series it fails, each counterexample has a replay command, and each works as pasted', async () => {
  const { code, out } = await ccdma(['check', 'dynamic-pools', '--series', 'baseline', '--platform', 'cca']);
  expect(code).toBe(1);
  expect(out).toMatch(/^no-sleep-in-atomic +FAILS +\d+ steps, at swiotlb_alloc_pool$/m);
  expect(out).toMatch(/^step +who +event +kernel symbol +what changed$/m);
  const lines = replays(out);
  expect(lines.length).toBe(out.match(/^Known as /gm)?.length);
  // Each explores the system anew; a few stand for all.
  for (const line of lines.filter((_, i) => i % 4 === 0)) {
    const again = await paste(line);
    const property = /--property (\S+)/.exec(line)![1]!;
    expect(again.code).toBe(1);
    expect(again.out).toMatch(new RegExp(`violates ${property}:`));
  }
  // What a replay names for the simulator is a path, and can be pasted too.
  const [simulate] = replays((await paste(lines[0]!)).out);
  const { code: simulated, out: both } = await paste(simulate!);
  expect(simulated).toBe(1);
  expect(both.match(/violates no-sleep-in-atomic/g)?.length).toBe(2);
}, 240_000);

test('the same replay with the whole series says that the property holds', async () => {
  const line =
    'npx ccdma replay dynamic-pools --platform cca --property no-sleep-in-atomic --site swiotlb_dyn_free';
  const { code, out } = await paste(line);
  expect(code).toBe(0);
  expect(out).toMatch(/no-sleep-in-atomic holds here: \d+ states were explored/);
});

test('a bound that is hit is in the text and in the exit code', async () => {
  const { code, out } = await ccdma(['check', 'dynamic-pools', '--platform', 'tdx', '--max-states', '100']);
  expect(code).toBe(3);
  expect(out).toMatch(/A bound was hit/);
  expect(out).toMatch(/^free-private +not decided/m);
  const expected = await ccdma([
    'check',
    'dynamic-pools',
    '--platform',
    'tdx',
    '--max-states',
    '100',
    '--expect',
  ]);
  expect(expected.code).toBe(3);
});

test('a violation counts even where a bound was hit', async () => {
  const args = [
    'check',
    'dynamic-pools',
    '--series',
    'baseline',
    '--platform',
    'cca',
    '--max-states',
    '5000',
  ];
  expect((await ccdma(args)).code).toBe(1);
  expect((await ccdma([...args, '--expect'])).code).toBe(3);
});

const TWO = ['check', 'dynamic-pools', '--series', 'baseline', '--platform', 'cca', '--platform', 'tdx'];

test('--expect: the known findings, and nothing else', async () => {
  // On all platforms at once, with every system: npm start.
  const { code, out } = await ccdma([...TWO, '--expect']);
  expect(out).toMatch(/As listed: in 2 runs, \d+ known findings occur, and nothing else fails\.$/m);
  expect(code).toBe(0);
});

test('JSON follows the published schema and says the same', async () => {
  const { code, out } = await ccdma([...TWO, '--json', '--expect']);
  expect(code).toBe(0);
  const data = JSON.parse(out);
  const validate = schemaOf('check');
  expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
  expect(data.results.map(({ platform }: { platform: string }) => platform)).toContain('cca');
  const cca = data.results.find(({ platform }: { platform: string }) => platform === 'cca');
  const sleep = cca.properties.find(({ name }: { name: string }) => name === 'no-sleep-in-atomic');
  expect(sleep).toMatchObject({ kind: 'forbidden', holds: false, status: 'fails' });
  expect(sleep.steps).toBe(Math.min(...sleep.counterexamples.map(({ steps }: { steps: number }) => steps)));
  // On the baseline nothing is handed to a worker: what only patch 17 brings is dead in this run, and said so.
  expect(cca.dead.events).toContain('queue_rcu_work');
  expect(cca.dead.events).not.toContain('call_rcu');
  expect(cca.dead.states.length).toBeGreaterThan(0);
  expect(cca.impossible).toContainEqual({
    event: 'queue_rcu_work',
    instance: 'pool[T]',
    local: 'queue_rcu_work',
  });
  // And it is a schema that can say no.
  expect(validate({ ...data, results: [{ ...cca, states: -1 }] })).toBe(false);
});

test('lines fit the terminal, but for commands, which are never broken', async () => {
  for (const width of [80, 120]) {
    const { out } = await ccdma(['check', 'boot', '--series', 'baseline', '--platform', 'cca'], width);
    const long = out.split('\n').filter((line) => line.length > width);
    expect(long.every((line) => line.startsWith('  npx ccdma replay '))).toBe(true);
  }
});
