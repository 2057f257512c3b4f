/** What must hold in `dynamic-pools`: the safety properties of the domain, each with a witness that it is not vacuous. */

import { matchesState, type StateValue } from 'xstate';
import { valueText } from '../../src/lts/state-text.ts';
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';
import { conversionMayFail, conversionSleeps, factsWith, type SystemFacts } from '../facts.ts';
import { guestEnded, guestIs } from './guest.ts';
import { goesOn, happens, requestIsServed } from './liveness.ts';

type Ctx = Readonly<Record<string, unknown>>;
const ctx = (state: LocalState) => state.context as Ctx;

/** Whether a local state is, or lies in, the state at a dotted path. */
const isIn = (state: LocalState, path: string) => matchesState(path, state.value as StateValue);
const anyOf = (state: LocalState, ...paths: string[]) => paths.some((path) => isIn(state, path));
const isShared = (page: LocalState) => anyOf(page, 'swiotlb.shared', 'lent.shared');
const isPrivate = (page: LocalState) => anyOf(page, 'swiotlb.private', 'lent.private');

const PAGES = ['page[0]', 'page[1]', 'page[2]', 'page[3]'];
/** The two pages, out of all four, of the buffer that an event is about. */
const ofBuffer = (event: GlobalEvent, pages: readonly LocalState[]) =>
  event.params.buf === 'T' ? pages.slice(0, 2) : pages.slice(2, 4);
/** The two pages, out of all four, that a mapping lies in. */
const ofMapping = (driver: LocalState, pages: readonly LocalState[]) =>
  ctx(driver).via === 'transient'
    ? pages.slice(0, 2)
    : ctx(driver).via === 'dynamic'
      ? pages.slice(2, 4)
      : [];

const type =
  (...types: string[]) =>
  (event: GlobalEvent) =>
    types.includes(event.type);
/** The function of the pool's life in which a step on its buffer stands. */
const caller = (event: GlobalEvent, ...locals: LocalState[]): string => {
  const driver = locals.find((local) => local.context !== null && 'via' in ctx(local));
  if (event.actor === 'softirq' || event.actor === 'worker') return 'swiotlb_dyn_free';
  return driver !== undefined && isIn(driver, 'mapping.discarding')
    ? 'swiotlb_find_slots'
    : 'swiotlb_alloc_pool';
};
/** The steps of a reader that use the memory of a transient pool. */
const READS = ['read_pool', 'list_next_rcu'];
const SLEEPING = ['set_memory_decrypted', 'set_memory_encrypted'];
/** Whoever is at work goes on, each apart, and what it has begun comes to its end. */
const FAIR = [
  ...['driver', 'reader', 'softirq', 'worker', 'grower'].map(goesOn),
  ...['rcu_gp_start', 'rcu_gp_end', 'rcu_softirq', 'dma_unmap_phys'].map((type) => happens(type)),
  ...['dyn_free', 'dyn_alloc'].map((work) => happens('kworker_start', { work })),
];
/**
 * While calls with a spinlock held follow one another without end, weak fairness promises the softirqs and workers of
 * that CPU nothing: they are kept from starting again and again.
 */
const inAtomic = ({ params }: GlobalEvent) => params.ctx === 'atomic';
const ALLOCATIONS = ['kzalloc', 'alloc_pages', 'get_free_pages'];

export function dynamicPoolsProperties(patches: ReadonlySet<number>, given: SystemFacts): Property[] {
  const facts = factsWith(patches, given);
  /**
   * A mapping can be served by a pool that is made for it. From patch 7 on, a device that does not suit the pools
   * is refused before anything happens.
   */
  const served = facts.defaultPool && facts.dynamic && (facts.memEncrypt === facts.forced || !patches.has(7));
  /** A mapper that cannot block gets its buffer from the atomic pool. */
  const lent = served && facts.forced && facts.coherentPool && !facts.sharedTooHigh;
  const reached = served && !facts.sharedTooHigh;
  const transient = lent || (served && !facts.forced);
  const converted = served && facts.sharedPools;
  /** The memory of a pool, when it is in use. */
  const asIntended = facts.sharedPools && facts.convertible ? isShared : isPrivate;
  const guest = guestIs(given);
  const witness = (
    of: string,
    doc: string,
    rest: Omit<Possible, 'kind' | 'name' | 'witnesses' | 'doc' | 'expected'>,
    expected = served,
  ): Possible => ({
    kind: 'possible',
    name: `${of}: ${doc}`,
    witnesses: of,
    doc,
    expected,
    ...rest,
  });

  const properties: Property[] = [
    {
      kind: 'forbidden',
      name: 'no-sleep-in-atomic',
      doc: 'Conversions and GFP_KERNEL allocations happen in process context only.',
      event: (event) =>
        (conversionSleeps(facts) && SLEEPING.includes(event.type)) ||
        (ALLOCATIONS.includes(event.type) && event.actor === 'grower'),
      over: ['cpu[0]', 'driver'],
      when: (_event, cpu) => !isIn(cpu, 'process'),
      site: caller,
      because: (event, cpu) =>
        `${event.symbol}() may sleep, and is called ${cpu.value === 'softirq' ? 'in softirq' : 'with a spinlock held'}`,
    },
    witness('no-sleep-in-atomic', 'a conversion is called', { event: type(...SLEEPING) }, converted),
    witness('no-sleep-in-atomic', 'the growth worker allocates', {
      event: (event) => ALLOCATIONS.includes(event.type) && event.actor === 'grower',
    }),

    {
      kind: 'forbidden',
      name: 'free-private',
      doc: 'A page that goes back to the page allocator is private.',
      event: type('free_pages'),
      over: [...PAGES, 'driver'],
      site: caller,
      when: (event, ...pages) => !ofBuffer(event, pages).every(isPrivate),
      because: (event, ...pages) =>
        `freed while ${ofBuffer(event, pages)
          .map((page) => valueText(page.value))
          .join(' and ')}`,
    },
    witness('free-private', 'pages are freed', { event: type('free_pages') }),

    {
      kind: 'invariant',
      name: 'one-owner',
      doc: 'A page belongs to exactly one of page allocator, atomic pool, swiotlb pool, or is leaked.',
      over: [...PAGES, 'driver'],
      seen: (local, position) => position < PAGES.length && isIn(local, 'ownedTwice'),
      site: caller,
      holds: (...pages) =>
        pages.some((page) => isIn(page, 'ownedTwice'))
          ? 'the page allocator has pages in its free list that the atomic pool owns'
          : true,
    },
    witness(
      'one-owner',
      'the atomic pool has lent pages',
      { over: ['page[0]'], when: (page) => isIn(page, 'lent') },
      lent,
    ),
    witness('one-owner', 'the page allocator has given pages', {
      over: ['page[2]'],
      when: (page) => isIn(page, 'swiotlb'),
    }),

    {
      kind: 'invariant',
      name: 'address-matches-memory',
      doc: 'While the device has an address, the memory it names is in the state that the address says.',
      over: ['driver', ...PAGES],
      holds: (driver, ...pages) =>
        !isIn(driver, 'mapped') || ofMapping(driver, pages).every(asIntended)
          ? true
          : `the device has an address of memory that is not ${asIntended === isShared ? 'shared' : 'private'}`,
    },
    witness(
      'address-matches-memory',
      'a mapping lies in a transient pool',
      { over: ['driver'], when: (d) => isIn(d, 'mapped') && ctx(d).via === 'transient' },
      transient && reached,
    ),
    witness(
      'address-matches-memory',
      'a mapping lies in a dynamic pool',
      { over: ['driver'], when: (d) => isIn(d, 'mapped') && ctx(d).via === 'dynamic' },
      reached,
    ),

    {
      kind: 'forbidden',
      name: 'device-can-reach',
      doc: 'A device that reaches shared memory only gets no address that says private, and none of private memory.',
      event: type('dma_map_phys_ret', 'device_write'),
      over: ['driver', ...PAGES],
      when: (event, driver, ...pages) =>
        facts.confined &&
        event.params.result !== 'error' &&
        ((facts.encodingBit && event.params.result === 'unencoded') ||
          !ofMapping(driver, pages).every(isShared)),
      because: (event) =>
        facts.encodingBit && event.params.result === 'unencoded'
          ? 'the address says private'
          : 'the host does not share the memory',
    },
    witness('device-can-reach', 'the device writes', { event: type('device_write') }, reached),

    {
      kind: 'invariant',
      name: 'pool-tells-the-truth',
      doc: 'The state recorded for a pool equals the state of each of its pages.',
      over: ['pool[T]', 'pool[D]', ...PAGES, 'driver'],
      site: caller,
      holds: (t, d, ...pages) => {
        const says = (pool: LocalState, own: readonly LocalState[]) =>
          !anyOf(pool, 'published', 'unlinked') ||
          ctx(pool).record === 'none' ||
          own.every(ctx(pool).record === 'shared' ? isShared : isPrivate);
        if (!says(t, pages.slice(0, 2)))
          return `the transient pool says ${String(ctx(t).record)}, and its pages are not`;
        if (!says(d, pages.slice(2, 4)))
          return `the dynamic pool says ${String(ctx(d).record)}, and its pages are not`;
        if (patches.has(5) && pages.slice(0, 2).some((page) => isIn(page, 'lent') && !isShared(page))) {
          return 'the atomic pool says shared, and a page of it is not';
        }
        return true;
      },
    },
    witness(
      'pool-tells-the-truth',
      'a published pool records its state',
      { over: ['pool[D]'], when: (pool) => isIn(pool, 'published') && ctx(pool).record !== 'none' },
      served && patches.has(7),
    ),

    {
      kind: 'forbidden',
      name: 'no-exposure',
      doc: 'Only memory that was taken for a shared pool is made shared.',
      event: type('set_memory_decrypted'),
      over: PAGES,
      when: (event, ...pages) => !ofBuffer(event, pages).every((page) => isIn(page, 'swiotlb.private')),
      because: (event) => `buffer ${String(event.params.buf)} was not taken from the page allocator for it`,
    },
    witness('no-exposure', 'memory is made shared', { event: type('set_memory_decrypted') }, converted),

    {
      kind: 'forbidden',
      name: 'free-undoes-alloc',
      doc: 'The free path undoes what the allocation did: what the atomic pool lent is neither converted nor freed.',
      event: type('set_memory_encrypted', 'free_pages'),
      over: [...PAGES, 'driver'],
      site: caller,
      when: (event, ...pages) => ofBuffer(event, pages).some((page) => isIn(page, 'lent')),
      because: (event) => `${event.symbol}() on memory of the atomic pool`,
    },
    witness(
      'free-undoes-alloc',
      'the atomic pool has a buffer back',
      { event: (event) => event.type === 'dma_free_from_pool' && event.params.owned === true },
      lent && (patches.has(20) || !facts.remap),
    ),

    {
      kind: 'forbidden',
      name: 'no-use-after-free',
      doc: 'No reader still holds a pool whose memory is freed.',
      event: (event) =>
        READS.includes(event.type) ||
        (['dma_free_from_pool', 'free_pages'].includes(event.type) && event.params.buf === 'T'),
      over: ['lookup', 'pool[T]'],
      when: (event, reader, pool) =>
        READS.includes(event.type) ? anyOf(pool, 'none', 'building') : anyOf(reader, 'holding', 'passing'),
      because: (event) =>
        READS.includes(event.type)
          ? 'the reader reads a pool that is gone'
          : 'a reader holds the pool that is being freed',
    },
    witness(
      'no-use-after-free',
      'a reader holds a pool that is off the list',
      {
        over: ['lookup', 'pool[T]'],
        when: (reader, pool) => anyOf(reader, 'holding', 'passing') && anyOf(pool, 'unlinked', 'retired'),
      },
      transient,
    ),

    {
      kind: 'forbidden',
      name: 'data-arrives',
      doc: 'What the device wrote has been copied out before the slot is given up.',
      event: type('list_del_rcu', 'swiotlb_release_slots'),
      over: ['driver'],
      when: (_event, driver) => ctx(driver).written === true,
      because: () => 'the bytes of the device are still in the pool only',
    },
    witness(
      'data-arrives',
      'bytes of the device are copied out',
      {
        event: (event) => event.label === 'swiotlb_bounce[dir=out]',
        over: ['driver'],
        when: (driver) => ctx(driver).written === true,
      },
      reached,
    ),

    {
      kind: 'invariant',
      name: 'nothing-leaks',
      doc: 'A buffer that no pool, allocation or free holds any more was given back, or left alone because it could not be encrypted.',
      over: ['pool[T]', 'pool[D]', ...PAGES, 'driver'],
      site: caller,
      holds: (t, d, ...pages) => {
        const lost = (pool: LocalState, own: readonly LocalState[]) =>
          isIn(pool, 'none') && own.some((page) => anyOf(page, 'swiotlb', 'lent', 'ownedTwice'));
        if (lost(t, pages.slice(0, 2))) return 'the buffer of the transient pool is lost';
        return lost(d, pages.slice(2, 4)) ? 'the buffer of the dynamic pool is lost' : true;
      },
    },
    witness(
      'nothing-leaks',
      'a buffer in uncertain state is left alone',
      { event: (event) => event.type === 'set_memory_encrypted_ret' && event.params.ret === 'failed' },
      converted && conversionMayFail(facts),
    ),
    witness('nothing-leaks', 'a buffer is freed', { event: type('free_pages') }),

    {
      kind: 'leads-to',
      name: 'pool-comes-back',
      doc: 'Every retired transient pool is finally freed, returned or deliberately leaked.',
      over: ['pool[T]', ...guest.over],
      from: (pool) => anyOf(pool, 'unlinked', 'retired'),
      to: (pool, ...end) => isIn(pool, 'none') || guest.ended(end),
      fair: FAIR,
      onlyOnStem: inAtomic,
    },
    witness(
      'pool-comes-back',
      'a transient pool is retired',
      { over: ['pool[T]'], when: (pool) => isIn(pool, 'retired') },
      transient,
    ),

    requestIsServed({
      doc: 'A mapping that fits in a slot',
      over: ['driver'],
      served: (driver) => isIn(driver, 'mapped'),
      wanted: (event) =>
        event.type === 'dma_map_phys' && !inAtomic(event) && event.params.boundary === 'wide',
      // Any pool of the kernel's would do, were it shared as the device needs it: there is one, and it can be added to.
      possible: facts.defaultPool && facts.dynamic && !facts.sharedTooHigh,
      requests: ['dma_map_phys'],
      fair: FAIR,
      guest,
    }),
    witness(
      'request-is-served',
      'the driver has an address',
      { over: ['driver'], when: (driver) => isIn(driver, 'mapped') },
      reached,
    ),

    { kind: 'deadlock', name: 'deadlock-free', doc: 'There is always a next step.', ...guestEnded(given) },
  ];
  // Without SWIOTLB_DYNAMIC nobody walks a list of pools.
  const readers = ['no-use-after-free'];
  return facts.dynamic
    ? properties
    : properties.filter((p) => !readers.includes(p.kind === 'possible' ? p.witnesses : p.name));
}
