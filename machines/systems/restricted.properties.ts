/** What must hold in `restricted`. */
import { matchesState, type StateValue } from 'xstate';
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';
import { conversionSleeps, factsWith, type SystemFacts } from '../facts.ts';
import { dataArrives } from './data-arrives.ts';
import { guestEnded, guestIs, NO_END } from './guest.ts';
import { goesOn, happens, requestIsServed, SYNCS } from './liveness.ts';
import { mapAnswers } from './map-answers.ts';
import { converts, withPool } from './restricted.ts';

const isIn = (state: LocalState, path: string) => matchesState(path, state.value as StateValue);
const RANGES = ['range[P0]', 'range[P1]'];
const CONVERSIONS = ['set_memory_decrypted', 'set_memory_encrypted'];
const RETURNS = ['dma_map_phys_ret', 'dma_alloc_attrs_ret'];

export function restrictedProperties(patches: ReadonlySet<number>, given: SystemFacts): Property[] {
  const facts = withPool(given);
  const { forced, memEncrypt, sharedPools, convertible, mask, encoding } = factsWith(patches, facts);
  /** From patch 7 on a device gets nothing of a pool whose state is not the one that it is given. */
  const suits = !patches.has(7) || memEncrypt === forced;
  const maps = mapAnswers(patches, facts)({ attrs: 'none', size: 'fits' }).place === 'pool';
  const allocates = suits && !(mask === 32 && encoding === (forced ? 'shared' : 'private'));
  const shared = sharedPools && convertible;
  const witness = (
    of: string,
    doc: string,
    expected: boolean,
    rest: Pick<Possible, 'event' | 'over' | 'when'>,
  ): Possible => ({ kind: 'possible', name: `${of}: ${doc}`, witnesses: of, doc, expected, ...rest });
  const type =
    (...types: string[]) =>
    (event: GlobalEvent) =>
      types.includes(event.type);
  const served = (event: GlobalEvent) => type(...RETURNS)(event) && event.params.result !== 'error';
  const allShared = (ranges: readonly LocalState[]) => ranges.every((range) => isIn(range, 'shared'));
  const allPrivate = (ranges: readonly LocalState[]) => ranges.every((range) => isIn(range, 'private'));

  const request = {
    possible: !(mask === 32 && encoding === 'shared'),
    requests: ['dma_alloc_attrs', 'dma_map_phys', ...SYNCS],
    fair: [goesOn('driver'), goesOn('other'), happens('dma_free_attrs'), happens('dma_unmap_phys')],
    guest: converts(patches, facts) ? guestIs(facts) : NO_END,
  };
  const deadlockFree: Property = {
    kind: 'deadlock',
    name: 'deadlock-free',
    doc: 'There is always a next step.',
    ...(facts.arm64 && converts(patches, facts) ? guestEnded(facts) : {}),
  };
  // No device tree, no pool: nothing can be said.
  if (!facts.arm64) return [deadlockFree];

  return [
    {
      kind: 'forbidden',
      name: 'no-sleep-in-atomic',
      doc: 'Conversions that may sleep happen in process context only.',
      event: type(...CONVERSIONS),
      over: ['driver'],
      when: (_event, driver) =>
        conversionSleeps(facts) && (driver.context as { ctx: string }).ctx === 'atomic',
      because: ({ symbol }) => `${symbol}() may sleep, and the caller may not`,
    },
    witness('no-sleep-in-atomic', 'memory is asked for in atomic context', allocates, {
      event: type('memset'),
      over: ['driver'],
      when: (driver) => (driver.context as { ctx: string }).ctx === 'atomic',
    }),
    {
      kind: 'forbidden',
      name: 'device-can-reach',
      doc: 'A device that reaches shared memory only gets no other, and no address that says private.',
      event: (event) => served(event) || type('device_read', 'device_write')(event),
      over: RANGES,
      when: ({ params }, ...ranges) => facts.confined && (params.result === 'private' || !allShared(ranges)),
      because: ({ params }) =>
        params.result === 'private'
          ? 'the address says private'
          : 'the host does not share all of the memory',
    },
    witness('device-can-reach', 'the device has an address', maps || allocates, { event: served }),
    {
      kind: 'forbidden',
      name: 'address-matches-memory',
      doc: 'What an address says of the memory that it names is so.',
      event: type(...RETURNS),
      over: RANGES,
      when: ({ params }, ...ranges) =>
        (params.result === 'shared' && !allShared(ranges)) ||
        (params.result === 'private' && !allPrivate(ranges)),
      because: ({ params }) => `the address says ${String(params.result)}, and not all of the memory is`,
    },
    witness(
      'address-matches-memory',
      'an address says what the memory is',
      encoding !== null && (maps || allocates),
      {
        event: ({ type: is, params }) =>
          RETURNS.includes(is) && ['shared', 'private'].includes(String(params.result)),
      },
    ),
    {
      kind: 'forbidden',
      name: 'pool-tells-the-truth',
      doc: 'Whenever slots change hands, all of the pool is in the state that it records, or was converted to.',
      event: type('swiotlb_search_pool_area', 'swiotlb_release_slots'),
      over: RANGES,
      when: (_event, ...ranges) => !(shared ? allShared(ranges) : allPrivate(ranges)),
      because: () => `the pool is recorded as ${shared ? 'shared' : 'private'}, and not all of it is`,
    },
    witness('pool-tells-the-truth', 'slots are given back', maps || suits, {
      event: type('swiotlb_release_slots'),
    }),
    {
      kind: 'forbidden',
      name: 'free-undoes-alloc',
      doc: 'The memory of the pool was shared before the allocation, and is not converted by the free.',
      event: type('set_memory_encrypted'),
      because: () => 'memory of the pool is encrypted',
    },
    witness('free-undoes-alloc', 'an allocation is freed', allocates, { event: type('dma_free_attrs_ret') }),
    {
      kind: 'invariant',
      name: 'one-owner',
      doc: 'The slots belong to the allocation, to the mapping, to the pool, or are leaked.',
      over: ['driver', 'other', 'pool'],
      holds: (driver, other, pool) => {
        const allocation = [
          'allocating.givingBack',
          'allocating.converting',
          'allocating.zeroing',
          'held',
        ].some((path) => isIn(driver, path));
        const mapping = (other.context as { place: string }).place === 'pool' && isIn(other, 'mapped');
        if (allocation && mapping) return 'the allocation and the mapping have the same slots';
        if (allocation && !isIn(pool, 'allocated'))
          return 'the allocation has slots that the pool has given elsewhere';
        return !mapping || isIn(pool, 'mapped')
          ? true
          : 'the mapping has slots that the pool has given elsewhere';
      },
    },
    witness('one-owner', 'a mapping finds no room while the allocation has it', maps && allocates, {
      event: ({ type: is, params }) =>
        is === 'swiotlb_search_pool_area' && params.by === 'other' && params.found === false,
      over: ['driver'],
      when: (driver) => isIn(driver, 'held'),
    }),
    {
      kind: 'invariant',
      name: 'nothing-leaks',
      doc: 'Slots that nobody has are free, unless a conversion of theirs has failed.',
      over: ['driver', 'other', 'pool'],
      holds: (driver, other, pool) => {
        if (isIn(pool, 'allocated') && (isIn(driver, 'none') || isIn(driver, 'freeing.returning')))
          return 'the slots of an allocation are lost';
        return isIn(pool, 'mapped') && isIn(other, 'unmapped') ? 'the slots of a mapping are lost' : true;
      },
    },
    witness('nothing-leaks', 'slots are given back', maps || suits, { event: type('swiotlb_release_slots') }),
    ...(maps ? dataArrives({ B: 'other' }, true) : []),
    requestIsServed({
      ...request,
      what: 'allocation',
      doc: 'A coherent allocation from the pool',
      over: ['driver'],
      served: (driver) => isIn(driver, 'held'),
      wanted: (event) => type('dma_alloc_attrs')(event) && event.params.ctx === 'process',
    }),
    witness('request-is-served (allocation)', 'an allocation is served', allocates, {
      over: ['driver'],
      when: (driver) => isIn(driver, 'held'),
    }),
    requestIsServed({
      ...request,
      what: 'mapping',
      doc: 'A mapping through the pool',
      over: ['other'],
      served: (other) => isIn(other, 'mapped'),
      wanted: type('dma_map_phys'),
    }),
    witness('request-is-served (mapping)', 'a mapping is served', maps, {
      over: ['other'],
      when: (other) => isIn(other, 'mapped'),
    }),
    deadlockFree,
  ];
}
