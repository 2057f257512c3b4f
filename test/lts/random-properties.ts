/** Properties of random networks. */
import fc from 'fast-check';
import type { Network, SafetyProperty } from '../../src/lts/index.ts';

/** One property of each kind, over the first two instances and an event. */
export function properties(network: Network, [a, b, e]: readonly [number, number, number]): SafetyProperty[] {
  const over = network.instances.slice(0, 2).map(({ name }) => name);
  const here = (...l: { index: number }[]) => l.every(({ index }, i) => index !== [a, b][i]);
  const all = network.instances.map(({ name }) => name);
  const sum = (l: readonly { index: number }[]) => l.reduce((n, { index }) => n + (index % 3), 0);
  const doc = '';
  return [
    // Rarely false: what is found late shows most.
    {
      name: 'sum',
      kind: 'invariant',
      doc,
      over: all,
      holds: (...l) => sum(l) !== l.length + a || 'no',
    },
    {
      name: 'late',
      kind: 'forbidden',
      doc,
      over: all,
      event: ({ index }) => index % 2 === b % 2,
      when: (_, ...l) => sum(l) === l.length + 1,
    },
    { name: 'invariant', kind: 'invariant', doc, over, holds: (...l) => here(...l) || 'no' },
    { name: 'false', kind: 'invariant', doc, over, holds: () => 'no' },
    {
      name: 'forbidden',
      kind: 'forbidden',
      doc,
      over,
      event: ({ index }) => index % 4 === e,
      when: (_, ...l) => here(...l),
    },
    { name: 'never', kind: 'forbidden', doc, event: ({ index }) => index === e },
    { name: 'ends', kind: 'deadlock', doc, final: { over, is: here } },
    {
      name: 'happens',
      kind: 'possible',
      doc,
      witnesses: 'never',
      event: ({ index }) => index === e,
      expected: false,
    },
    {
      name: 'seen',
      kind: 'possible',
      doc,
      witnesses: 'ends',
      over,
      when: (...l) => !here(...l),
      expected: true,
    },
  ];
}
export const choices = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3));
