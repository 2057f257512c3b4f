/** What must hold in `boot`: the safety properties of the domain that live there, each with a witness. */
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';
import { addressable, conversionMayFail, factsWith, type SystemFacts } from '../facts.ts';
import { guestEnded, guestIs } from './guest.ts';
import { goesOn, happens, requestIsServed } from './liveness.ts';
import { anyOf, contextOf, isIn, isPrivate, isShared, pagesText, typed } from './look.ts';

const PAGES = ['page[0]', 'page[1]'];
const MEM = 'io_tlb_default_mem';

/** The function that is at work. */
const at = (boot: LocalState): string =>
  isIn(boot, 'init')
    ? 'swiotlb_init_remap'
    : isIn(boot, 'update')
      ? 'swiotlb_update_mem_attributes'
      : isIn(boot, 'late')
        ? 'swiotlb_init_late'
        : isIn(boot, 'exit')
          ? 'swiotlb_exit'
          : 'swiotlb_map';
const site = (_event: GlobalEvent, boot: LocalState) => at(boot);

export function bootProperties(patches: ReadonlySet<number>, given: SystemFacts): Property[] {
  const facts = factsWith(patches, given);
  const pool = facts.defaultPool;
  const converted = pool && facts.sharedPools;
  const tearsDown = pool && !facts.arm64 && facts.conversion !== 's390';
  /** A mapping that begins before the state of the pool is settled is served: the address says shared before patch 7. */
  const servedEarly = pool && (!patches.has(7) || !facts.forced) && addressable(facts, !patches.has(7));
  const served = pool && !facts.sharedTooHigh && (!patches.has(7) || facts.memEncrypt === facts.forced);
  const mapped = servedEarly || served;
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
  /** What an address says of memory, and what the memory is where conversions do nothing. */
  const agrees = (address: unknown, pages: readonly LocalState[]) =>
    pages.every(address === 'shared' && facts.convertible ? isShared : isPrivate);

  return [
    {
      kind: 'invariant',
      name: 'pool-tells-the-truth',
      doc: 'The state recorded in `io_tlb_default_mem` is the state of each page of its pool.',
      over: ['boot', MEM, ...PAGES],
      site,
      holds: (boot, mem, ...pages) => {
        const { mem: has, unencrypted } = contextOf(mem);
        const converting = anyOf(boot, 'update.convert', 'update.converting');
        if (!patches.has(7) || converting || (has !== 'active' && has !== 'full')) return true;
        if (pages.every(unencrypted === true ? isShared : isPrivate)) return true;
        const said = unencrypted === true ? 'unencrypted' : 'private';
        const used = has === 'full' ? ', and none of its slots can be had' : '';
        return `the record says ${said}, and the pages are ${pagesText(pages)}${used}`;
      },
    },
    witness(
      'pool-tells-the-truth',
      'a pool and its record are settled',
      {
        over: ['boot', MEM],
        when: (boot, mem) =>
          isIn(boot, 'up') &&
          contextOf(mem).mem === 'active' &&
          contextOf(mem).unencrypted === facts.memEncrypt,
      },
      pool && patches.has(7),
    ),

    {
      kind: 'invariant',
      name: 'address-matches-memory',
      doc: 'While the device has an address, the memory it names is in the state that the address says.',
      over: ['boot', MEM, ...PAGES],
      site,
      holds: (_boot, mem, ...pages) => {
        const { address } = contextOf(mem);
        if (!isIn(mem, 'mapped') || agrees(address, pages)) return true;
        return `the address says ${String(address)}, and the pages are ${pagesText(pages)}`;
      },
    },
    witness(
      'address-matches-memory',
      'the device has an address before the state of the pool is settled',
      { over: ['boot', MEM], when: (boot, mem) => isIn(boot, 'window') && isIn(mem, 'mapped') },
      servedEarly,
    ),
    witness(
      'address-matches-memory',
      'the device has an address when the state of the pool is settled',
      { over: ['boot', MEM], when: (boot, mem) => isIn(boot, 'up') && isIn(mem, 'mapped') },
      served,
    ),

    {
      kind: 'forbidden',
      name: 'device-can-reach',
      doc: 'A device that reaches shared memory only gets no address that says private, and none of private memory.',
      event: typed('dma_map_phys_ret', 'device_write'),
      over: ['boot', MEM, ...PAGES],
      when: (event, _boot, _mem, ...pages) =>
        facts.confined &&
        event.params.result !== 'error' &&
        (event.params.result === 'private' || !pages.every(isShared)),
      because: (event, _boot, _mem, ...pages) =>
        event.params.result === 'private' ? 'the address says private' : `the pages are ${pagesText(pages)}`,
    },
    witness('device-can-reach', 'the device writes', { event: typed('device_write') }, mapped),

    {
      kind: 'forbidden',
      name: 'data-arrives',
      doc: 'Bytes are copied to and from memory that is there, and no conversion takes away what was written.',
      event: typed('swiotlb_bounce'),
      over: [MEM, ...PAGES],
      when: (event, mem, ...pages) =>
        (event.params.dir === 'out' && contextOf(mem).converted === true && !facts.contentsSurvive) ||
        !pages.every((page) => isShared(page) || isPrivate(page)),
      because: (_event, _mem, ...pages) =>
        pages.every((page) => isShared(page) || isPrivate(page))
          ? 'the pool was converted under the mapping, and its contents did not survive'
          : `copied where the pages are ${pagesText(pages)}`,
    },
    witness(
      'data-arrives',
      'bytes of the device are copied out',
      {
        event: (event) => event.type === 'swiotlb_bounce' && event.params.dir === 'out',
        over: [MEM],
        when: (mem) => contextOf(mem).written === true,
      },
      mapped,
    ),

    {
      kind: 'forbidden',
      name: 'free-private',
      doc: 'A page that goes back to the page allocator is private.',
      event: typed('free_pages'),
      over: ['boot', ...PAGES],
      site,
      when: (_event, _boot, ...pages) => !pages.every(isPrivate),
      because: (_event, _boot, ...pages) => `freed while ${pagesText(pages)}`,
    },
    witness('free-private', 'a pool is freed', { event: typed('free_pages') }, pool),

    {
      kind: 'invariant',
      name: 'one-owner',
      doc: 'The memory of a pool that can be searched belongs to it.',
      over: ['boot', MEM, ...PAGES],
      site,
      holds: (_boot, mem, ...pages) => {
        const { mem: has } = contextOf(mem);
        if ((has !== 'active' && has !== 'full') || pages.every((page) => isIn(page, 'swiotlb'))) return true;
        return `there is a pool, and its pages are ${pagesText(pages)}`;
      },
    },
    witness(
      'one-owner',
      'there is a pool',
      { over: [MEM], when: (mem) => contextOf(mem).mem === 'active' },
      pool,
    ),

    {
      kind: 'invariant',
      name: 'nothing-leaks',
      doc: 'Pages that no pool has were given back, or left alone because a conversion of them failed.',
      over: ['boot', MEM, ...PAGES],
      site,
      holds: (boot, mem, ...pages) => {
        const { mem: has } = contextOf(mem);
        if (pages.some((page) => isIn(page, 'forgotten')))
          return 'memory was taken for a pool, and nobody has it';
        const atWork = anyOf(boot, 'init', 'late', 'exit');
        if (atWork || has === 'active' || has === 'full') return true;
        return pages.some((page) => isIn(page, 'swiotlb'))
          ? `there is no pool, and its pages are ${pagesText(pages)}`
          : true;
      },
    },
    witness(
      'nothing-leaks',
      'pages whose conversion failed are left alone',
      { over: PAGES, when: (...pages) => pages.some((page) => isIn(page, 'leaked')) },
      converted && patches.has(18) && conversionMayFail(facts),
    ),
    witness('nothing-leaks', 'a pool is given back', { event: typed('swiotlb_exit_ret') }, tearsDown),
    witness('nothing-leaks', 'a late pool is unwound', { event: typed('free_pages') }, pool),

    {
      kind: 'forbidden',
      name: 'no-exposure',
      doc: 'Only memory that was taken for the pool is made shared.',
      event: typed('set_memory_decrypted'),
      over: ['boot', ...PAGES],
      site,
      when: (_event, _boot, ...pages) => !pages.every((page) => isIn(page, 'swiotlb')),
      because: (_event, _boot, ...pages) => `converted while ${pagesText(pages)}`,
    },
    witness('no-exposure', 'the pool is made shared', { event: typed('set_memory_decrypted') }, converted),

    requestIsServed({
      doc: 'A mapping, once the state of a pool that can be searched is settled,',
      over: ['boot', MEM],
      served: (boot, mem) => !isIn(boot, 'up') || isIn(mem, 'mapped') || contextOf(mem).mem !== 'active',
      wanted: typed('dma_map_phys'),
      possible: !facts.sharedTooHigh,
      requests: ['dma_map_phys'],
      fair: [goesOn('boot'), goesOn('driver'), happens('dma_unmap_phys')],
      guest: guestIs(given),
    }),
    witness(
      'request-is-served',
      'a mapping is served',
      {
        over: [MEM],
        when: (mem) => isIn(mem, 'mapped'),
      },
      mapped,
    ),

    {
      kind: 'deadlock',
      name: 'deadlock-free',
      doc: 'There is always a next step.',
      ...guestEnded(given),
    },
  ];
}
