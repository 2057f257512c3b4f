/** What must hold in `atomic-pools`: the safety properties of the domain that live there, each with a witness. */
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';
import { conversionMayFail, conversionSleeps, factsWith, type SystemFacts } from '../facts.ts';
import { guestEnded, guestIs, NO_END } from './guest.ts';
import { goesOn, happens, requestIsServed } from './liveness.ts';
import { contextOf, isIn, pagesText, typed } from './look.ts';

const PAGES = ['page[0]', 'page[1]', 'page[2]', 'page[3]'];
const CHUNKS = ['chunk[I]', 'chunk[G]'];
const SLEEPING = ['set_memory_decrypted', 'set_memory_encrypted'];
const shared = (page: LocalState) => isIn(page, 'shared');
const priv = (page: LocalState) => isIn(page, 'private');
/** The pages that an event of somebody's is about. */
const ofCaller = (event: GlobalEvent, pages: readonly LocalState[]) =>
  event.params.by === 'boot' ? pages.slice(0, 2) : pages.slice(2, 4);
/** Of chunks and pages, in this order: the pages of the chunks that are in the pool. */
const inPool = ([i, g, ...pages]: readonly LocalState[]) => [
  ...(isIn(i!, 'inPool') ? pages.slice(0, 2) : []),
  ...(isIn(g!, 'inPool') ? pages.slice(2, 4) : []),
];
const ends = typed('work_done', 'dma_atomic_pool_init_ret');
const site = () => 'atomic_pool_expand';

export function atomicPoolsProperties(patches: ReadonlySet<number>, given: SystemFacts): Property[] {
  const facts = factsWith(patches, given);
  const made = facts.coherentPool;
  const converted = made && facts.sharedAtomicPools;
  const asked = made && (facts.forced || facts.remap);
  const fits = !(facts.mask === 32 && facts.encoding === (facts.forced ? 'shared' : 'private'));
  const used = asked && fits && (!patches.has(5) || facts.memEncrypt === facts.forced);
  const witness = (
    of: string,
    doc: string,
    rest: Omit<Possible, 'kind' | 'name' | 'witnesses' | 'doc' | 'expected'>,
    expected: boolean,
  ): Possible => ({
    kind: 'possible',
    name: `${of}: ${doc}`,
    witnesses: of,
    doc,
    expected,
    ...rest,
  });

  return [
    {
      kind: 'forbidden',
      name: 'no-sleep-in-atomic',
      doc: 'Conversions, aliases and GFP_KERNEL allocations happen in process context only.',
      event: (event) =>
        (conversionSleeps(facts) && SLEEPING.includes(event.type)) ||
        ['vmap', 'vunmap', 'cma_alloc', 'alloc_pages', 'gen_pool_add_virt'].includes(event.type),
      over: ['cpu[0]'],
      when: (_event, cpu) => !isIn(cpu, 'process'),
      because: (event) => `${event.symbol}() may sleep, and is called with a spinlock held`,
    },
    witness('no-sleep-in-atomic', 'a conversion is called', { event: typed(...SLEEPING) }, converted),
    witness(
      'no-sleep-in-atomic',
      'a driver allocates with a spinlock held',
      { event: (event) => event.type === 'dma_alloc_attrs' && event.params.ctx === 'atomic' },
      asked,
    ),

    {
      kind: 'forbidden',
      name: 'free-private',
      doc: 'A page that goes back to the page allocator is private.',
      event: typed('free_pages'),
      over: PAGES,
      site,
      when: (event, ...pages) => !ofCaller(event, pages).every(priv),
      because: (event, ...pages) => `freed while ${pagesText(ofCaller(event, pages))}`,
    },
    witness(
      'free-private',
      'pages are freed',
      { event: typed('free_pages') },
      made && (facts.remap || patches.has(13)),
    ),

    {
      kind: 'forbidden',
      name: 'free-undoes-alloc',
      doc: 'Pages go back to where they came from, and a failed expansion leaves no alias.',
      event: (event) => event.type === 'free_pages' || ends(event),
      over: CHUNKS,
      site,
      when: (event, ...chunks) => {
        const chunk =
          event.params.by === 'boot' || event.type === 'dma_atomic_pool_init_ret' ? chunks[0]! : chunks[1]!;
        const { source, alias } = contextOf(chunk);
        return isIn(chunk, 'inHand') && (event.type === 'free_pages' ? source === 'cma' : alias === true);
      },
      because: (event) =>
        event.type === 'free_pages'
          ? 'pages of CMA are given to the page allocator'
          : 'the alias of pages that are left alone stays',
    },
    witness(
      'free-undoes-alloc',
      'CMA has given pages',
      { over: CHUNKS, when: (i, g) => contextOf(i).source === 'cma' || contextOf(g).source === 'cma' },
      made,
    ),
    witness('free-undoes-alloc', 'an alias is taken away', { event: typed('vunmap') }, made && facts.remap),

    {
      kind: 'invariant',
      name: 'one-owner',
      doc: 'Pages belong to one of CMA, page allocator and pool.',
      over: CHUNKS,
      site,
      holds: (...chunks) =>
        chunks.some((chunk) => isIn(chunk, 'misplaced'))
          ? 'the page allocator has pages in its free lists that CMA takes to be in use'
          : true,
    },
    witness(
      'one-owner',
      'the pool has two chunks',
      { over: CHUNKS, when: (i, g) => isIn(i, 'inPool') && isIn(g, 'inPool') },
      used,
    ),

    {
      kind: 'invariant',
      name: 'nothing-leaks',
      doc: 'Pages are left alone only when a conversion of them failed.',
      over: CHUNKS,
      site,
      holds: (...chunks) =>
        chunks.some((chunk) => isIn(chunk, 'left') && contextOf(chunk).doubtful !== true)
          ? 'pages are left behind that could have been freed'
          : true,
    },
    witness(
      'nothing-leaks',
      'pages in uncertain state are left alone',
      {
        over: CHUNKS,
        when: (...chunks) =>
          chunks.some((chunk) => isIn(chunk, 'left') && contextOf(chunk).doubtful === true),
      },
      converted && conversionMayFail(facts),
    ),
    witness(
      'nothing-leaks',
      'a chunk cannot be added',
      { event: (event) => event.type === 'gen_pool_add_virt' && event.params.ok === false },
      made,
    ),

    {
      kind: 'invariant',
      name: 'pool-tells-the-truth',
      doc: 'What the pool records is the state of each page of its chunks.',
      over: [...CHUNKS, ...PAGES],
      site,
      holds: (...locals) =>
        !patches.has(5) || inPool(locals).every(facts.memEncrypt ? shared : priv)
          ? true
          : `the pool says ${facts.memEncrypt ? 'unencrypted' : 'private'}, and its pages are ${pagesText(inPool(locals))}`,
    },
    witness(
      'pool-tells-the-truth',
      'the pool has memory',
      { over: ['chunk[I]'], when: (chunk) => isIn(chunk, 'inPool') },
      made && patches.has(5),
    ),

    {
      kind: 'invariant',
      name: 'address-matches-memory',
      doc: 'While the device has an address, the memory it names is in the state that the address says.',
      over: ['driver', ...CHUNKS, ...PAGES],
      site: () => 'dma_alloc_from_pool',
      holds: (driver, ...locals) => {
        // Where no bit says it, only a forced device's address is taken for that of shared memory.
        const says = facts.encodingBit || facts.forced;
        if (!isIn(driver, 'allocated') || !facts.convertible || !says) return true;
        return inPool(locals).every(facts.forced ? shared : priv)
          ? true
          : `the address says ${facts.forced ? 'shared' : 'private'}, and the pool is ${pagesText(inPool(locals))}`;
      },
    },
    witness(
      'address-matches-memory',
      'the device has memory of the pool',
      { over: ['driver'], when: (driver) => isIn(driver, 'allocated') },
      used,
    ),

    {
      kind: 'forbidden',
      name: 'no-exposure',
      doc: 'Only memory that was taken for the pool is made shared.',
      event: typed('set_memory_decrypted'),
      over: CHUNKS,
      when: (event, i, g) => !isIn(event.params.by === 'boot' ? i! : g!, 'inHand'),
      because: () => 'the memory is not in hand',
    },
    witness('no-exposure', 'memory is made shared', { event: typed('set_memory_decrypted') }, converted),

    {
      kind: 'forbidden',
      name: 'request-is-served',
      doc: 'An initialisation that says it made a pool has made one that can serve.',
      event: (event) => event.type === 'dma_atomic_pool_init_ret' && event.params.ret === 'ok',
      over: ['chunk[I]'],
      site: () => 'atomic_pool_expand',
      when: (_event, chunk) => !isIn(chunk, 'inPool'),
      because: () =>
        'the pool has no memory, and never gets any: only an allocation that succeeds asks for more',
    },
    witness(
      'request-is-served',
      'a pool is made',
      { event: (event) => event.type === 'dma_atomic_pool_init_ret' && event.params.ret === 'ok' },
      made,
    ),

    requestIsServed({
      what: 'allocation',
      doc: 'An allocation from a pool that could be made',
      over: ['driver'],
      served: (driver) => isIn(driver, 'allocated') || contextOf(driver).pool === 'none',
      wanted: (event) => event.type === 'dma_alloc_attrs' && event.params.ctx === 'process',
      possible: asked && fits,
      requests: ['dma_alloc_attrs'],
      fair: [
        ...['boot', 'driver', 'grower'].map(goesOn),
        ...['dma_atomic_pool_init', 'dma_free_attrs', 'kworker_start'].map((step) => happens(step)),
      ],
      guest: made ? guestIs(given) : NO_END,
    }),
    witness(
      'request-is-served (allocation)',
      'the device has memory of the pool',
      { over: ['driver'], when: (driver) => isIn(driver, 'allocated') },
      used,
    ),

    // Without DMA_COHERENT_POOL there is nothing to do; nor is there after boot where nobody asks the pools.
    ...(asked
      ? [
          {
            kind: 'deadlock',
            name: 'deadlock-free',
            doc: 'There is always a next step.',
            ...guestEnded(given),
          } as const,
        ]
      : []),
  ];
}
