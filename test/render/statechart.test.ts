import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { statechart } from '../../src/render/index.ts';
import { descendants } from '../../src/render/statechart.ts';
import { door, lamp, stone } from './machines.ts';

const arrows = (spec: typeof door): string[] =>
  statechart(spec).edges.map((edge) => {
    const labels = edge.labels.map((label) => `${label.kind} ${label.text}`).join('; ');
    return `${edge.source || '(root)'} -> ${edge.stays ? '(stays)' : edge.target || '(root)'}: ${labels}`;
  });

test('transitions are grouped by source and target, with guards, actions and kinds', () => {
  expect(arrows(door)).toEqual([
    '(root) -> ashes: stimulus burn',
    '(root) -> (stays): stimulus sand / count',
    'closed -> (stays): observation paint / count',
    'closed -> open: stimulus kick',
    'closed -> closed: stimulus reset',
    'closed.unlocked -> closed.locked: observation lock [hasKey]',
    'closed.unlocked -> closed.unlocked: choice push [jammed]',
    'closed.unlocked -> open: choice push [else]',
    'closed.locked -> closed.unlocked: observation unlock [hasKey && !jammed]',
    'closed.locked -> closed.locked: observation unlock [else]; stimulus knock',
    'open -> closed: observation pull; choice slam',
  ]);
});

test('states keep their nesting, kinds and initial states', () => {
  const { root } = statechart(door);
  expect(descendants(root).map((s) => `${s.id} ${s.kind} ${s.initial}`)).toEqual([
    'closed compound closed.unlocked',
    'closed.unlocked atomic null',
    'closed.locked atomic null',
    'open atomic null',
    'ashes final null',
  ]);
  expect(root.initial).toBe('closed');
  expect(root.children[0]!.doc).toBe('The leaf is in its frame.');
});

test('regions, stateIn and done', () => {
  expect(statechart(lamp).root.kind).toBe('parallel');
  expect(arrows(lamp)).toContain('state.end -> state.note: observation on [in plug.in]');
  expect(arrows(lamp)).toContain('plug -> plug.out: internal done');
  expect(statechart(stone)).toMatchObject({ root: { kind: 'atomic', children: [] }, edges: [] });
});

test('guards with parameters, inline guards, nested combinations, eventless and forbidden transitions', async () => {
  const { and, or, stateIn } = await import('xstate');
  const machine = setup({
    guards: { above: (_, _params: { n: number }) => true, low: () => true },
  }).createMachine({
    initial: 'a',
    states: {
      a: {
        on: {
          one: { guard: { type: 'above', params: { n: 3 } }, target: 'b' },
          two: {
            guard: function odd() {
              return true;
            },
            target: 'b',
          },
          three: { guard: and(['low', or(['low', stateIn({ b: 'c' })])]), target: 'b' },
          four: {},
        },
      },
      b: { always: { guard: 'low', target: 'a' } },
    },
  });
  expect(
    statechart({ name: 'x', machine, alphabet: {} }).edges.map((e) => e.labels.map((l) => l.text)),
  ).toEqual([['one [above(n=3)]', 'two [odd]', 'three [low && (low || in b.c)]'], ['always [low]']]);
});
