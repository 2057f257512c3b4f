/**
 * What a log cannot decide, property by property: violations that the simulator sees in its own state and that no
 * recorded event shows. Reviewed by people. Every entry must be needed by some path, and nothing may be missing.
 */
import type { SafetyName, Violation } from '../../conformance/safety-names.ts';

export interface Undecidable {
  readonly property: SafetyName;
  /** Kernel symbols of the violating step; all when left out. */
  readonly sites?: readonly string[];
  /** All when left out. */
  readonly platforms?: readonly string[];
  /** What the simulator says of it. */
  readonly because: RegExp;
  /** Only of a log without a line of this event; of all when left out. */
  readonly unseen?: string;
  readonly what: string;
  /** Why no recorded event shows it. */
  readonly reason: string;
}

const PAGES =
  '`__free_pages()` is called by the whole kernel: a probe on it would drown the log, and the address of a `struct page` does not tell which page it is';
const DEFAULT_POOL =
  'which pages the default or a restricted pool has, and what is recorded of its state, is memory: no event tells it';
const IGNORED = 'the conversion returns 0 whatever it was told: an answer in the log proves nothing';
const ACCESS = 'accesses of CPU and device to memory are no events';

const BOOT_SITES = [
  'swiotlb_update_mem_attributes',
  'add_mem_pool',
  'swiotlb_init_late',
  'rmem_swiotlb_device_init',
] as const;

export const UNDECIDABLE: readonly Undecidable[] = [
  {
    property: 'free-private',
    sites: ['atomic_pool_expand', 'swiotlb_exit'],
    because: /^page \S+ of (?:page allocator|CMA) is not private/,
    what: 'pages whose conversion failed go back when an atomic pool cannot grow, or with the default pool',
    reason: PAGES,
  },
  {
    property: 'free-private',
    platforms: ['ppc-svm'],
    because: /^page \S+ of (?:page allocator|CMA) is not private: host shared$/,
    what: 'pages that a conversion back left shared are freed',
    reason: IGNORED,
  },
  {
    property: 'free-private',
    sites: ['dma_direct_free', 'dma_direct_free_pages'],
    because: /^page \S+ of (?:page allocator|CMA) is not private/,
    unseen: 'set_memory_encrypted',
    what: 'pages that were shared are freed as they are, in a log in which nothing is ever made private',
    reason: 'a probe that never fires looks like one that was never set',
  },
  {
    property: 'free-undoes-alloc',
    sites: ['atomic_pool_expand'],
    because: /came from CMA and goes to the page allocator/,
    what: 'pages from CMA go to the page allocator when an atomic pool cannot grow',
    reason: PAGES,
  },
  {
    property: 'free-undoes-alloc',
    sites: ['rmem_swiotlb_device_init'],
    because: /was decrypted already/,
    what: 'a region is converted a second time, after a first attempt failed or beside another device',
    reason:
      'pages may be shared already because an event in between was missed; a log that shows two conversions does not tell which',
  },
  {
    property: 'free-undoes-alloc',
    platforms: ['ppc-svm'],
    because: /was never decrypted|was decrypted already/,
    what: 'pages are converted that are so already, since the conversion before did nothing',
    reason: IGNORED,
  },
  {
    property: 'free-undoes-alloc',
    sites: ['dma_direct_alloc', 'dma_direct_free'],
    because: /a swiotlb pool owns it$/,
    what: 'slots of a restricted pool are converted like pages',
    reason: 'before patch 3 no event tells that the memory of an allocation comes from a restricted pool',
  },
  {
    property: 'nothing-leaks',
    sites: ['atomic_pool_expand'],
    because: /^nothing refers to page(?:s| of CMA) at/,
    what: 'the pages of a chunk that came to nothing are not given back',
    reason: PAGES,
  },
  {
    property: 'nothing-leaks',
    sites: ['swiotlb_dyn_free', 'swiotlb_alloc_pool', 'swiotlb_find_slots'],
    because: /^nothing refers to page of atomic pool/,
    what: 'an atomic pool’s piece that was given to the page allocator is lost to the pool',
    reason: `that the pool did not take it is seen, and is a violation of free-undoes-alloc; ${PAGES}`,
  },
  {
    property: 'one-owner',
    sites: ['swiotlb_dyn_free', 'swiotlb_alloc_pool', 'swiotlb_find_slots'],
    because: /belongs to atomic pool \S+ and to (?:page allocator|slot array)/,
    what: 'an atomic pool’s piece that was given to the page allocator has two owners',
    reason: `that the pool did not take it is seen, and is a violation of free-undoes-alloc; ${PAGES}`,
  },
  {
    property: 'no-use-after-free',
    sites: ['swiotlb_find_slots'],
    because: /^list_next_rcu: no pool descriptor/,
    what: 'a search walks a list whose pool swiotlb_exit() has zeroed',
    reason: 'walks over lists of pools are no events',
  },
  {
    property: 'pool-tells-the-truth',
    sites: BOOT_SITES,
    because: /^swiotlb pool \S+ records shared/,
    what: 'the record of the default pool, a late or a restricted one after a conversion that failed',
    reason: DEFAULT_POOL,
  },
  {
    property: 'pool-tells-the-truth',
    platforms: ['ppc-svm'],
    because: /^swiotlb pool \S+ records shared/,
    what: 'the record of a pool after a conversion that did nothing',
    reason: IGNORED,
  },
  {
    property: 'address-matches-memory',
    sites: ['dma_map_phys', 'swiotlb_update_mem_attributes'],
    because: /^address \S+ of driver\/\d says/,
    what: 'an address in the default pool that is given out before the pool is converted, or after that failed',
    reason: DEFAULT_POOL,
  },
  {
    property: 'device-can-reach',
    sites: ['dma_map_phys'],
    because: /names private memory/,
    what: 'a slot of the default pool that is given out before the pool is converted, or after that failed',
    reason: DEFAULT_POOL,
  },
  {
    property: 'device-can-reach',
    sites: ['dma_map_phys'],
    because: /says private$/,
    what: 'registers of another device (MMIO) under a private address',
    reason: 'before the series no event tells that a device reaches shared memory only',
  },
  {
    property: 'device-can-reach',
    sites: ['dma_alloc_attrs'],
    platforms: ['pkvm'],
    because: /names private memory/,
    what: 'private memory for a device of a protected KVM guest, before the kernel knows that it is one',
    reason: 'before the series no event tells that a device reaches shared memory only',
  },
  {
    property: 'device-can-reach',
    platforms: ['ppc-svm'],
    because: /names private memory/,
    what: 'memory that a conversion left private',
    reason: IGNORED,
  },
  {
    property: 'data-arrives',
    because:
      /the device cannot use|the device reads another byte|^device(?:Read|Write): |mapped (?:private|shared), but|linear-map entry is invalid|did not arrive/,
    what: 'the device, or the CPU, cannot read or write memory whose state does not suit',
    reason: ACCESS,
  },
];

/** The entry that a violation falls under. @param log as it was written */
export function excuseFor(
  { property, site, because }: Violation,
  platform: string,
  log = '',
): Undecidable | undefined {
  return UNDECIDABLE.find(
    (one) =>
      one.property === property &&
      (one.sites?.includes(site) ?? true) &&
      (one.platforms?.includes(platform) ?? true) &&
      one.because.test(because) &&
      (one.unseen === undefined || !log.includes(` ${one.unseen}: `)),
  );
}
