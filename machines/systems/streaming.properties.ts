/** What must hold in `streaming`: where mappings lie, what their addresses say, and that bytes arrive. */
import { matchesState, type StateValue } from 'xstate';
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';
import { factsWith, type SystemFacts } from '../facts.ts';
import { dataArrives } from './data-arrives.ts';
import { canBeMapped, goesOn, happens, requestIsServed, SYNCS } from './liveness.ts';
import { OWNER, requests, streamingSetting } from './streaming-setting.ts';

const isIn = (state: LocalState, path: string) => matchesState(path, state.value as StateValue);
type Mapping = { readonly place: string; readonly says: string; readonly dir: string };
const mapping = (driver: LocalState) => driver.context as Mapping;

export function streamingProperties(patches: ReadonlySet<number>, facts: SystemFacts): Property[] {
  const { answerTo, slotted } = streamingSetting(patches, facts);
  const { sharedPools, convertible } = factsWith(patches, facts);
  const answers = requests().map(answerTo);
  const goes = (...places: string[]) => answers.some(({ place }) => places.includes(place));
  const says = (...results: string[]) => answers.some(({ result }) => results.includes(result));
  // On an SME host an entry of the IOMMU carries the encoding, and says private of all memory.
  const entrySaysPrivate = facts.iommu && facts.conversion === 'sme';
  const poolIsShared = sharedPools && convertible;
  const witness = (
    of: string,
    doc: string,
    expected: boolean,
    rest: Pick<Possible, 'event' | 'over' | 'when'>,
  ): Possible => ({ kind: 'possible', name: `${of}: ${doc}`, witnesses: of, doc, expected, ...rest });
  const on =
    (type: string, params: Record<string, unknown> = {}) =>
    (event: GlobalEvent) =>
      event.type === type && Object.entries(params).every(([name, value]) => event.params[name] === value);

  /** Whether a mapping names memory that the host shares; null where nobody can say: registers of a trusted device. */
  const named = ({ place }: Mapping): boolean | null => {
    if (place === 'pool') return poolIsShared;
    if (place === 'mmio') return facts.trusted ? null : true;
    return place === 'shared-ram';
  };

  return [
    {
      kind: 'forbidden',
      name: 'device-can-reach',
      doc: 'A device that reaches shared memory only gets no other, and no address that says private.',
      event: on('dma_map_phys_ret'),
      over: ['driver'],
      when: ({ params }, driver) =>
        facts.confined &&
        !entrySaysPrivate &&
        params.result !== 'error' &&
        (params.result === 'private' || named(mapping(driver)) === false),
      because: ({ params }) =>
        params.result === 'private' ? 'the address says private' : 'the host does not share the memory',
    },
    witness('device-can-reach', 'the device has an address', goes('ram', 'shared-ram', 'mmio', 'pool'), {
      event: (event) => event.type === 'dma_map_phys_ret' && event.params.result !== 'error',
    }),
    {
      kind: 'forbidden',
      name: 'address-matches-memory',
      doc: 'What an address says of the memory that it names is so.',
      event: on('dma_map_phys_ret'),
      over: ['driver'],
      when: ({ params }, driver) => {
        const shared = named(mapping(driver));
        return (
          ['shared', 'private'].includes(String(params.result)) &&
          shared !== null &&
          (params.result === 'shared') !== shared
        );
      },
      because: ({ params }, driver) =>
        `the address says ${String(params.result)}, and names ${nameOf(mapping(driver))}`,
    },
    witness('address-matches-memory', 'an address says shared or private', says('shared', 'private'), {
      event: ({ type, params }) =>
        type === 'dma_map_phys_ret' && ['shared', 'private'].includes(String(params.result)),
    }),
    ...dataArrives(Object.fromEntries(slotted.map((map) => [map, OWNER[map]])), goes('pool')),
    ...(slotted.length === 0
      ? []
      : [
          {
            kind: 'invariant' as const,
            name: 'free-undoes-alloc',
            doc: 'While nobody has a mapping, or is about to, no slot is used.',
            over: ['driver', 'other', 'area'],
            holds: (driver: LocalState, other: LocalState, area: LocalState) =>
              !isIn(driver, 'unmapped') || !isIn(other, 'unmapped') || isIn(area, 'none')
                ? (true as const)
                : 'a slot is used, and nobody has a mapping',
          },
          witness('free-undoes-alloc', 'slots are given back', true, { event: on('swiotlb_release_slots') }),
          {
            kind: 'invariant' as const,
            name: 'one-owner',
            doc: 'A slot belongs to one mapping: as many are used as mappings have one.',
            over: ['area', ...slotted.map((map) => `copy[${map}]`)],
            holds: (area: LocalState, ...all: LocalState[]) => {
              const used = ['none', 'one', 'two', 'three'].indexOf(String(area.value));
              const held = all.filter((copy) => !isIn(copy, 'inBuffer')).length;
              return used === held
                ? (true as const)
                : `${used} slots are used, and ${held} mappings have one`;
            },
          },
          witness('one-owner', 'both CPUs have slots', bothBounce(), {
            over: ['area'],
            when: (area) => isIn(area, 'two'),
          }),
        ]),
    requestIsServed({
      doc: 'A mapping of ordinary memory',
      over: ['driver'],
      served: (driver) => isIn(driver, 'mapped'),
      wanted: on('dma_map_phys', { by: 'driver', attrs: 'none', size: 'fits' }),
      possible: canBeMapped(facts),
      requests: ['dma_map_phys', 'dma_map_sg_attrs', ...SYNCS],
      fair: [goesOn('driver'), goesOn('other'), happens('dma_unmap_phys'), happens('dma_unmap_sg_attrs')],
    }),
    witness(
      'request-is-served',
      'a mapping of ordinary memory is served',
      answerTo({ attrs: 'none', size: 'fits' }).result !== 'error',
      { over: ['driver'], when: (driver) => isIn(driver, 'mapped') },
    ),
    { kind: 'deadlock', name: 'deadlock-free', doc: 'There is always a next step.' },
  ];

  function bothBounce(): boolean {
    return slotted.includes('M') && slotted.includes('S0');
  }
}

function nameOf({ place }: Mapping): string {
  return { pool: 'a slot of the pool', mmio: 'registers', ram: 'private memory' }[place] ?? 'shared memory';
}
