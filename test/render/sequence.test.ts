import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lifelines, svgSequence, type Trace } from '../../src/render/index.ts';
import { textWidth } from '../../src/render/text.ts';
import { addressee } from '../../src/render/trace.ts';
import { burglary } from './machines.ts';
import { all, type Element, parseXml } from './xml-check.ts';

interface Box {
  readonly what: string;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Where a text can reach, in the widest font: from ascender to baseline. */
function textBox(text: Element): Box {
  const a = text.attributes;
  const size = Number(a['font-size']);
  const width = textWidth(text.text, size, a['font-weight'] === 'bold');
  const x = Number(a.x);
  const left = a['text-anchor'] === 'middle' ? x - width / 2 : a['text-anchor'] === 'end' ? x - width : x;
  return {
    what: text.text,
    left,
    right: left + width,
    top: Number(a.y) - size * 0.75,
    bottom: Number(a.y),
  };
}

function rectBox(rect: Element): Box {
  const [left, top, width, height] = ['x', 'y', 'width', 'height'].map((name) =>
    Number(rect.attributes[name]),
  );
  return { what: 'rect', left: left!, right: left! + width!, top: top!, bottom: top! + height! };
}

/** Coordinates are printed with two decimals. */
const SLACK = 0.02;
const overlap = (a: Box, b: Box): boolean =>
  a.left < b.right - SLACK &&
  b.left < a.right - SLACK &&
  a.top < b.bottom - SLACK &&
  b.top < a.bottom - SLACK;
const within = (a: Box, b: Box): boolean =>
  a.left >= b.left - SLACK &&
  a.right <= b.right + SLACK &&
  a.top >= b.top - SLACK &&
  a.bottom <= b.bottom + SLACK;

function checkLayout(trace: Trace): void {
  const root = parseXml(svgSequence(trace));
  const texts = all(root, 'text').map(textBox);
  const page = {
    what: 'page',
    left: 0,
    top: 0,
    right: Number(root.attributes.width),
    bottom: Number(root.attributes.height),
  };
  texts.forEach((text, i) => {
    expect(within(text, page), `on the page: ${text.what}`).toBe(true);
    for (const other of texts.slice(i + 1)) {
      expect(overlap(text, other), `apart: ${text.what} | ${other.what}`).toBe(false);
    }
  });
  const boxes = all(root, 'rect')
    .filter((rect) => rect.attributes.rx !== undefined)
    .map(rectBox);
  for (const box of boxes) {
    for (const text of texts.filter((t) => overlap(t, box))) {
      expect(within(text, box), `in its box: ${text.what}`).toBe(true);
    }
  }
}

test('lifelines: the world first, then in order of appearance', () => {
  expect(lifelines(burglary)).toEqual(['world', 'owner', 'burglar']);
  expect(lifelines(burglary, ['burglar', 'nobody'])).toEqual(['burglar', 'owner', 'world']);
});

test('an arrow goes to the one other lifeline that a step changes', () => {
  expect(burglary.steps.map((step) => addressee(step, lifelines(burglary)))).toEqual([
    undefined,
    'owner',
    undefined,
    undefined,
  ]);
  expect(all(parseXml(svgSequence(burglary)), 'path')).toHaveLength(1);
});

test('a trace as SVG: numbers, events, symbols, changes, the reason', () => {
  const root = parseXml(svgSequence(burglary));
  expect(all(root, 'text').map((text) => text.text)).toMatchInlineSnapshot(`
    [
      "The door opens without a key",
      "old lock",
      "world",
      "owner",
      "burglar",
      "1",
      "lock[key=true]",
      "do_lock",
      "door: closed.unlocked → closed.locked",
      "2",
      "night_falls",
      "owner: awake → asleep",
      "3",
      "knock",
      "do_knock",
      "4",
      "unlock[key=false]",
      "do_unlock",
      "door: closed.locked → closed.unlocked",
      "alarm: armed → fooled",
      "only-with-a-key",
      "door is closed.unlocked & nobody had a <key>",
      "stimulus: the world acts",
      "choice: the world answers",
      "observation: the code acts",
    ]
  `);
  expect(all(root, 'title')[0]!.text).toBe(burglary.title);
  checkLayout(burglary);
});

test('only the violating step and the reason are red', () => {
  const red = (trace: Trace): string[] =>
    all(parseXml(svgSequence(trace)), 'text')
      .filter((text) => text.attributes.fill === '#b3141f')
      .map((text) => text.text);
  expect(red(burglary)).toEqual([
    '4',
    'unlock[key=false]',
    'only-with-a-key',
    'door is closed.unlocked & nobody had a <key>',
  ]);
  const { verdict: _, ...innocent } = burglary;
  expect(red(innocent)).toEqual([]);
});

test('a trace without steps is a title and, if the initial state is to blame, the reason', () => {
  const texts = (trace: Trace): string[] => all(parseXml(svgSequence(trace)), 'text').map((t) => t.text);
  expect(texts({ title: 'nothing', steps: [] })).toEqual(['nothing']);
  expect(texts({ title: 'nothing', steps: [], verdict: { property: 'p', because: 'so' } })).toEqual([
    'nothing',
    'p',
    'so',
  ]);
});

const word = fc.stringMatching(/^[A-Za-z0-9_.[\]=,→ <&"]{1,70}$/);
const traces: fc.Arbitrary<Trace> = fc.record(
  {
    title: word,
    subtitle: word,
    steps: fc.array(
      fc.record({
        n: fc.nat(999),
        actor: fc.oneof(fc.constantFrom('world', 'driver', 'rcu'), word),
        event: word,
        symbol: fc.oneof(fc.constant(''), word),
        kind: fc.constantFrom('stimulus' as const, 'choice' as const, 'observation' as const),
        changed: fc.array(fc.record({ instance: word, from: word, to: word }), { maxLength: 3 }),
      }),
      { maxLength: 6 },
    ),
    verdict: fc.record({ property: word, because: word }),
  },
  { requiredKeys: ['title', 'steps'] },
);

test('whatever the texts: well-formed, on the page, in their boxes, never over one another', () => {
  fc.assert(fc.property(traces, checkLayout), { seed: 3, numRuns: 60 });
});

test('the same bytes each time', () => {
  expect(svgSequence(burglary)).toBe(svgSequence(burglary));
});
