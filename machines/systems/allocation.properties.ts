/** What must hold of allocation and free: the safety properties of the domain, each with a witness. */
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';
import { addressable, conversionMayFail, conversionSleeps, factsWith, type SystemFacts } from '../facts.ts';
import {
  arePrivate,
  areShared,
  codeAt,
  type Held,
  held,
  isIn,
  type Look,
  memoryOf,
  stateText,
} from './allocation.look.ts';
import { convertsBlocks, type Entry, hasPiece } from './allocation-setting.ts';
import { guestEnded, guestIs, NO_END } from './guest.ts';
import { goesOn, happens, requestIsServed } from './liveness.ts';

type Rest<T> = Omit<T, 'kind' | 'name' | 'doc'>;

const CONVERSIONS = ['set_memory_decrypted', 'set_memory_encrypted'];
const ALIASES = ['vmap', 'vunmap'];
const GIVES_BACK = ['free_pages', 'cma_release'];
const type =
  (...types: string[]) =>
  (event: GlobalEvent) =>
    types.includes(event.type);

export const allocationProperties =
  (entry: Entry) =>
  (patches: ReadonlySet<number>, given: SystemFacts): Property[] => {
    const facts = factsWith(patches, given);
    const piece = hasPiece(entry, facts);
    const direct = !facts.iommu;
    const site = codeAt(entry, facts);

    const lists = entry === 'pages' && piece && !facts.restricted;
    const buffers = piece ? ['buffer[A]', 'buffer[B]'] : ['buffer[A]'];
    const memories = piece ? (['A', 'P'] as const) : (['A'] as const);
    const OVER = [
      ...buffers,
      ...(piece ? ['cpu[0]', 'cpu[1]'] : ['cpu[0]']),
      ...memories.flatMap((memory) => [`range[${memory}0]`, `range[${memory}1]`]),
      'block[A]',
      ...(piece ? ['piece[P]'] : []),
      ...(lists ? ['free-list'] : []),
    ];
    const look = (locals: readonly LocalState[]): Look =>
      Object.fromEntries(OVER.map((name, i) => [name, locals[i]!]));
    /** Of a range it matters whether it is shared, private or neither; of a buffer, address and memory. */
    const alike = (local: LocalState, position: number) => {
      const name = OVER[position]!;
      if (name.startsWith('range')) return ['shared', 'private'].find((state) => isIn(local, state)) ?? '';
      const has = name.startsWith('buffer') ? held(local) : null;
      return has === null ? local.index : `${has.addr} ${has.memory}`;
    };
    const all = (seen: Look): Held[] => buffers.flatMap((name) => held(seen[name]) ?? []);

    /** An invariant: what is wrong in a state, or null. */
    const always = (name: string, doc: string, wrong: (seen: Look) => string | null): Property => ({
      kind: 'invariant',
      name,
      doc,
      over: OVER,
      seen: alike,
      holds: (...locals) => wrong(look(locals)) ?? true,
      site: (event, ...locals) => site(event, look(locals)),
    });
    /** A step that must not be: what is wrong with it where it is taken, or null. */
    const never = (
      name: string,
      doc: string,
      event: (event: GlobalEvent) => boolean,
      wrong: (event: GlobalEvent, seen: Look) => string | null,
    ): Property => ({
      kind: 'forbidden',
      name,
      doc,
      event,
      over: OVER,
      seen: alike,
      when: (step, ...locals) => wrong(step, look(locals)) !== null,
      because: (step, ...locals) => wrong(step, look(locals)) ?? '',
      site: (step, ...locals) => site(step, look(locals)),
    });
    const witness = (
      of: string,
      doc: string,
      expected: boolean,
      rest: Omit<Rest<Possible>, 'witnesses' | 'expected'>,
    ): Possible => ({
      kind: 'possible',
      name: `${of}: ${doc}`,
      witnesses: of,
      doc,
      expected,
      ...rest,
    });
    const seen = (when: (seen: Look) => boolean) => ({
      over: OVER,
      seen: alike,
      when: (...locals: LocalState[]) => when(look(locals)),
    });

    const asks = entry === 'attrs' ? 'dma_alloc_attrs' : 'dma_alloc_pages';
    const fits = facts.iommu || addressable(facts);
    /** A device that is not coherent is given uncached memory, where there is a way to make it. */
    const could =
      fits &&
      (facts.iommu || entry === 'pages' || facts.coherent || facts.remap || facts.uncached !== 'none');
    /** A plain request in process context gets memory, if there is any. */
    const served =
      could && (facts.iommu || !facts.restricted || facts.memEncrypt === facts.forced || !patches.has(7));
    const fromPages =
      served && (facts.iommu || !facts.restricted) && ['none', 'uncached'].includes(facts.uncached);
    /** Memory of the page allocator is shared, and made private again. */
    const converts = convertsBlocks(facts);
    /** Before patch 11 what is remapped is not. */
    const shares = converts && (entry === 'pages' || facts.coherent || !facts.remap || patches.has(11));
    const fromPool =
      piece &&
      fits &&
      (facts.restricted
        ? served
        : facts.sharedAtomicPools === facts.forced && (entry === 'attrs' || patches.has(15)));
    /** Page-table entries say what the memory is: a mapping for the CPU can say something else. */
    const entriesSay = !['pkvm', 's390', 'powerpc', 'none'].includes(facts.conversion);
    /** The pool records the state of its memory. */
    const recorded = piece && patches.has(facts.restricted ? 7 : 5);

    return [
      never(
        'no-sleep-in-atomic',
        'Conversions, vmap and vunmap happen in process context only.',
        (event) =>
          ALIASES.includes(event.type) || (conversionSleeps(facts) && CONVERSIONS.includes(event.type)),
        (event, now) =>
          isIn(now[event.actor === 'other' ? 'cpu[1]' : 'cpu[0]'], 'process')
            ? null
            : `${event.symbol}() may sleep, and is called with a spinlock held`,
      ),
      witness(
        'no-sleep-in-atomic',
        'a conversion is called, or an alias made',
        shares && conversionSleeps(facts),
        {
          event: type(...CONVERSIONS, ...ALIASES),
        },
      ),

      never(
        'free-private',
        'A page that goes back to the page allocator or to CMA is private.',
        type(...GIVES_BACK),
        (event, now) =>
          arePrivate(now, memoryOf(event)) ? null : `freed while ${stateText(now, memoryOf(event))}`,
      ),
      witness('free-private', 'pages are freed', fromPages, { event: type(...GIVES_BACK) }),

      always(
        'one-owner',
        'Memory belongs to the page allocator, to CMA, to a pool or to the driver, and to one of them only; what a driver is given is its own.',
        (now) => {
          if (isIn(now['free-list'], 'ofPoolToo')) {
            return 'the page allocator has pages in its free list that the atomic pool owns';
          }
          return buffers.some((name) => isIn(now[name], 'confused'))
            ? 'the driver was given what is no page'
            : null;
        },
      ),
      witness(
        'one-owner',
        'a driver has memory',
        served,
        seen((now) => all(now).length > 0),
      ),
      witness(
        'one-owner',
        'a pool has lent memory',
        fromPool,
        seen((now) => all(now).some(({ memory }) => memory === 'P')),
      ),

      always(
        'address-matches-memory',
        'Where a DMA address says what memory it names, the memory is so.',
        (now) => {
          const wrong = all(now).find(
            ({ addr, memory }) =>
              memory !== null &&
              ((addr === 'shared' && !areShared(now, memory)) ||
                (addr === 'private' && !arePrivate(now, memory))),
          );
          return wrong === undefined
            ? null
            : `the address says ${wrong.addr}, the memory is ${stateText(now, wrong.memory!)}`;
        },
      ),
      witness(
        'address-matches-memory',
        'the device has an address that says what it names',
        served && facts.encodingBit && direct,
        seen((now) => all(now).some(({ addr }) => addr === 'shared' || addr === 'private')),
      ),

      always(
        'device-can-reach',
        'A device that reaches shared memory only has no address that says private, and none of memory that is not shared.',
        (now) => {
          if (!facts.confined) return null;
          for (const { addr, memory } of all(now)) {
            if (addr === 'private') return 'the address says private';
            // An entry of an IOMMU of the AMD host says itself that its memory is private.
            const entrySays = addr === 'iova' && facts.conversion === 'sme';
            if (memory !== null && !entrySays && !areShared(now, memory)) {
              return `the device is given memory that is ${stateText(now, memory)}`;
            }
          }
          return null;
        },
      ),
      witness(
        'device-can-reach',
        'a device that reaches shared memory only has memory',
        served && facts.confined,
        seen((now) => facts.confined && all(now).length > 0),
      ),

      always('pool-tells-the-truth', 'The state that a pool records is that of its memory.', (now) => {
        if (!recorded || !facts.convertible) return null;
        const ok = facts.memEncrypt ? areShared(now, 'P') : arePrivate(now, 'P');
        return ok
          ? null
          : `the pool says ${facts.memEncrypt ? 'shared' : 'private'}, its memory is ${stateText(now, 'P')}`;
      }),
      witness(
        'pool-tells-the-truth',
        'memory of a pool that records its state is in use',
        fromPool && recorded,
        {
          ...seen((now) => recorded && all(now).some(({ memory }) => memory === 'P')),
        },
      ),

      never(
        'no-exposure',
        'Memory is shared, or mapped for a device, only if it was allocated for a device that needs it so.',
        type('set_memory_decrypted', 'iommu_map'),
        (event, now) => {
          if (event.type === 'iommu_map') {
            return event.params.page === 'none'
              ? 'the device is given an IOVA of memory that nobody allocated'
              : null;
          }
          if (!facts.forced) return 'the device does not need shared memory';
          return memoryOf(event) === 'P' || isIn(now['block[A]'], 'pages', 'cma')
            ? null
            : 'the memory was not allocated for it';
        },
      ),
      witness('no-exposure', 'memory is made shared, or mapped by an IOMMU', shares || facts.iommu, {
        event: type('set_memory_decrypted', 'iommu_map'),
      }),

      never(
        'free-undoes-alloc',
        'What was converted is converted back, and nothing else; what a pool lent is neither converted nor freed.',
        type(...CONVERSIONS, 'free_pages'),
        (event, now) => {
          const memory = memoryOf(event);
          if (memory === 'P') return `${event.symbol}() on memory of a pool`;
          if (event.type === 'set_memory_decrypted' && !arePrivate(now, memory)) return 'it is not private';
          if (event.type === 'set_memory_encrypted' && arePrivate(now, memory)) return 'it was never shared';
          return null;
        },
      ),
      witness('free-undoes-alloc', 'memory is made private again', shares, {
        event: type('set_memory_encrypted'),
      }),
      witness(
        'free-undoes-alloc',
        'a pool has its memory back',
        fromPool && (patches.has(19) || entry === 'attrs' || !facts.remap || facts.restricted),
        {
          event: (event) =>
            event.type === 'swiotlb_release_slots' ||
            (event.type === 'dma_free_from_pool' && event.params.owned === true),
        },
      ),

      never(
        'data-arrives',
        'A mapping for the CPU says of the memory what the memory is.',
        (event) => event.type === 'remap_pfn_range' || event.type === 'vmap',
        (event, now) => {
          if (!entriesSay) return null;
          const lent = isIn(now['piece[P]'], 'lent') && !isIn(now['block[A]'], 'pages', 'cma');
          const memory = event.type === 'remap_pfn_range' ? (all(now)[0]?.memory ?? null) : lent ? 'P' : 'A';
          if (memory === null) return null;
          const ok = event.params.prot === 'decrypted' ? areShared(now, memory) : arePrivate(now, memory);
          return ok ? null : `mapped as ${String(event.params.prot)}, and ${stateText(now, memory)}`;
        },
      ),
      witness('data-arrives', 'memory is mapped for the CPU', served && entry === 'attrs', {
        event: type('remap_pfn_range', 'vmap'),
      }),

      always(
        'nothing-leaks',
        'Memory that nobody holds was given back, or left alone because it could not be converted.',
        (now) => {
          const busy = buffers.some((name) => isIn(now[name], 'allocating', 'freeing'));
          // What a driver was given in the place of its memory is said elsewhere.
          if (busy || buffers.some((name) => isIn(now[name], 'confused'))) return null;
          const holds = (memory: string) => all(now).some((one) => one.memory === memory);
          if (!holds('A') && isIn(now['block[A]'], 'pages', 'cma'))
            return 'a block of the page allocator is lost';
          if (!holds('P') && isIn(now['piece[P]'], 'lent') && !isIn(now['free-list'], 'ofPoolToo'))
            return 'memory of the pool is lost';
          return null;
        },
      ),
      witness(
        'nothing-leaks',
        'memory that could not be converted is left alone',
        shares && conversionMayFail(facts),
        {
          ...seen((now) => isIn(now['block[A]'], 'leaked') || isIn(now['piece[P]'], 'lost')),
        },
      ),

      requestIsServed({
        doc: 'An allocation',
        over: ['buffer[A]'],
        served: (buffer) => isIn(buffer, 'held'),
        wanted: ({ type: is, params }) =>
          is === asks &&
          params.by === 'driver' &&
          params.ctx === 'process' &&
          (params.attrs ?? 'none') === 'none',
        possible: could,
        requests: [asks],
        fair: [goesOn('driver'), goesOn('other'), happens(asks.replace('alloc', 'free'))],
        guest: converts ? guestIs(given) : NO_END,
      }),
      witness('request-is-served', 'an allocation is served', served, {
        over: ['buffer[A]'],
        when: (buffer) => isIn(buffer, 'held'),
      }),

      {
        kind: 'deadlock',
        name: 'deadlock-free',
        doc: 'There is always a next step, until the guest ends or every driver was given what is no memory.',
        final: {
          over: [...buffers, ...(converts ? (guestEnded(given).final?.over ?? []) : [])],
          is: (...locals) =>
            locals.slice(0, buffers.length).every((buffer) => isIn(buffer, 'confused')) ||
            (locals.length > buffers.length && locals[locals.length - 1]!.final),
        },
      },
    ];
  };
