/** Properties of random networks. */
import fc from 'fast-check';
import type { LeadsTo, Network, SafetyProperty } from '../../src/lts/index.ts';

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

/** One property of each kind that other tools judge, over the first two instances of a network. */
export function exportedProperties(
  network: Network,
  [a, b, e]: readonly [number, number, number],
): SafetyProperty[] {
  const over = network.instances.slice(0, 2).map(({ name }) => name);
  const here = (...locals: { index: number }[]) => locals.every(({ index }, i) => index !== [a, b][i]);
  return [
    { name: 'invariant', kind: 'invariant', doc: '', over, holds: (...l) => here(...l) || 'false' },
    {
      name: 'forbidden',
      kind: 'forbidden',
      doc: '',
      over,
      event: ({ index }) => index % 4 === e,
      when: (_, ...l) => here(...l),
    },
    { name: 'stuck', kind: 'deadlock', doc: '' },
    { name: 'ends', kind: 'deadlock', doc: '', final: { over, is: here } },
    {
      name: 'seen',
      kind: 'possible',
      doc: '',
      witnesses: 'stuck',
      over,
      when: (...l) => !here(...l),
      expected: false,
    },
    {
      name: 'happens',
      kind: 'possible',
      doc: '',
      witnesses: 'stuck',
      event: ({ index }) => index === e,
      expected: false,
    },
  ];
}

/** Of a leads-to over the first instance: local states and events by number, null where there is none. */
export interface LeadsToChoice {
  readonly from: number;
  readonly to: number;
  /** Events of each fair set. */
  readonly fair: readonly (readonly number[])[];
  readonly onlyOnStem: number | null;
  readonly recurring: number | null;
}

/** @param events events are numbered up to this */
export const leadsToChoices = (events: number): fc.Arbitrary<LeadsToChoice> =>
  fc.record({
    from: fc.nat(2),
    to: fc.nat(2),
    fair: fc.array(fc.uniqueArray(fc.nat(events), { minLength: 1, maxLength: 4 }), { maxLength: 3 }),
    onlyOnStem: fc.option(fc.nat(events)),
    recurring: fc.option(fc.nat(events)),
  });

export const oneOf =
  (...events: readonly number[]) =>
  ({ index }: { readonly index: number }): boolean =>
    events.includes(index);

export function leadsTo({ from, to, fair, onlyOnStem, recurring }: LeadsToChoice): LeadsTo {
  return {
    name: 'it comes',
    kind: 'leads-to',
    doc: '',
    over: ['i0'],
    from: oneOf(from),
    to: oneOf(to),
    fair: fair.map((set, n) => ({ name: `f${n}`, event: oneOf(...set) })),
    ...(onlyOnStem === null ? {} : { onlyOnStem: oneOf(onlyOnStem) }),
    ...(recurring === null ? {} : { recurring: oneOf(recurring) }),
  };
}
