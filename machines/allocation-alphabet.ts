/**
 * Events that the machines of allocation and free have in common, so that they are declared alike everywhere.
 * The actor is the task that makes the call (`by`, added by the system).
 */
import type { EventDecl } from '../src/lts/types.ts';

const caller = { actor: { param: 'by' } } as const;
const OK = [true, false] as const;

/** Which memory is converted: what this call took from the page allocator, or what a pool lent to it. */
export const BUF = ['own', 'pool'] as const;
export type Buf = (typeof BUF)[number];

/**
 * What the driver is given. `cookie`: a `struct page` that it may only hand back. `linear`: pages, at their linear
 * address. `alias`: pages, at a vmap address. `uncached`: pages, at an uncached address. `slots`, `slots-alias`:
 * slots of a restricted pool. `pool`: a piece of the atomic pool. `scattered`: single pages behind an IOMMU, at a
 * vmap address. `arch`, `global`: from the architecture, from the global coherent pool. `garbage`: what is no
 * memory of its own at all.
 */
export const GOT = [
  'null',
  'cookie',
  'linear',
  'alias',
  'uncached',
  'slots',
  'slots-alias',
  'pool',
  'scattered',
  'arch',
  'global',
  'garbage',
] as const;
export type Got = (typeof GOT)[number];

/** What the DMA address says: by its bit, nothing where there is none; `iova`: an address of an IOMMU. */
export const ADDR = ['none', 'shared', 'private', 'unencoded', 'iova'] as const;
export type Addr = (typeof ADDR)[number];

/** What a mapping for the CPU says of the memory. The base protection, where nobody says anything, is encrypted. */
export const PROT = ['decrypted', 'encrypted'] as const;
export type Prot = (typeof PROT)[number];

export type Context = 'process' | 'atomic';
/** Attributes that an allocation looks at, without DMA_ATTR_, and every set of them. */
export const ALLOC_ATTRS = ['NO_KERNEL_MAPPING', 'CC_SHARED'] as const;
export const ALLOC_ATTR_SETS = [
  'none',
  'NO_KERNEL_MAPPING',
  'CC_SHARED',
  'NO_KERNEL_MAPPING|CC_SHARED',
] as const;
export type Attrs = (typeof ALLOC_ATTR_SETS)[number];
const ctx = { ctx: ['process', 'atomic'] };

type Decls = Readonly<Record<string, EventDecl>>;

/** Entry points and their returns. */
export const CALLS = {
  dma_alloc_attrs: {
    kind: 'stimulus',
    ...caller,
    symbol: 'dma_alloc_attrs',
    params: { ...ctx, attrs: ALLOC_ATTR_SETS },
    doc: 'The driver allocates a buffer. Atomic: its gfp does not allow to block.',
  },
  dma_alloc_attrs_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_alloc_attrs',
    params: { got: GOT, addr: ADDR },
    doc: 'It gets memory and a DMA address, or nothing.',
  },
  dma_free_attrs: {
    kind: 'stimulus',
    ...caller,
    symbol: 'dma_free_attrs',
    params: { ...ctx, got: GOT.filter((got) => got !== 'null' && got !== 'garbage') },
    doc: 'The driver frees what it got. A free is not told whether it may block.',
  },
  dma_free_attrs_ret: { kind: 'observation', ...caller, symbol: 'dma_free_attrs', doc: 'The free is over.' },
  dma_alloc_pages: {
    kind: 'stimulus',
    ...caller,
    symbol: 'dma_alloc_pages',
    params: ctx,
    doc: 'The driver allocates pages. Atomic: its gfp does not allow to block.',
  },
  dma_alloc_pages_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_alloc_pages',
    params: { got: ['null', 'linear', 'slots', 'pool', 'garbage'], addr: ADDR },
    doc: 'It gets a page and a DMA address, or nothing.',
  },
  dma_free_pages: {
    kind: 'stimulus',
    ...caller,
    symbol: 'dma_free_pages',
    params: { ...ctx, got: ['linear', 'slots', 'pool'] },
    doc: 'The driver frees the pages that it got. A free is not told whether it may block.',
  },
  dma_free_pages_ret: { kind: 'observation', ...caller, symbol: 'dma_free_pages', doc: 'The free is over.' },
  dma_mmap_attrs: {
    kind: 'stimulus',
    ...caller,
    symbol: 'dma_mmap_attrs',
    doc: 'The driver maps its buffer into a process.',
  },
  dma_mmap_attrs_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_mmap_attrs',
    doc: 'The mapping is made.',
  },
} as const satisfies Decls;

/** Where memory comes from, and where it goes back. */
export const MEMORY = {
  cma_alloc: {
    kind: 'choice',
    ...caller,
    symbol: 'dma_alloc_contiguous',
    params: { page: ['lowmem', 'highmem', 'none'] },
    doc: 'The contiguous memory allocator is asked first. Its pages may have no linear address.',
  },
  cma_release: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_free_contiguous',
    doc: 'Pages go back to the contiguous memory allocator.',
  },
  alloc_pages: {
    kind: 'choice',
    ...caller,
    symbol: 'alloc_pages',
    params: { ok: OK },
    doc: 'The page allocator is asked.',
  },
  free_pages: {
    kind: 'observation',
    ...caller,
    symbol: '__free_pages',
    params: { buf: BUF },
    doc: 'Pages go back to the page allocator.',
  },
  gen_pool_alloc: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_alloc_from_pool',
    params: { attrs: ['CC_SHARED', 'none'], ok: OK },
    doc: 'The atomic pools are asked, for shared memory or for any.',
  },
  dma_free_from_pool: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_free_from_pool',
    params: { owned: OK },
    doc: 'The atomic pools are asked whether the memory is theirs; if so they have it back.',
  },
  swiotlb_search_pool_area: {
    kind: 'observation',
    ...caller,
    symbol: 'swiotlb_search_pool_area',
    params: { found: OK },
    doc: 'Free slots are looked for in the restricted pool.',
  },
  swiotlb_release_slots: {
    kind: 'observation',
    ...caller,
    symbol: 'swiotlb_release_slots',
    doc: 'The slots are free again.',
  },
  dma_alloc_from_global_coherent: {
    kind: 'choice',
    ...caller,
    symbol: 'dma_alloc_from_global_coherent',
    params: { ok: OK },
    doc: 'The global coherent pool is asked.',
  },
  dma_release_from_global_coherent: {
    kind: 'observation',
    ...caller,
    symbol: 'dma_release_from_global_coherent',
    doc: 'The memory goes back to the global coherent pool.',
  },
  arch_dma_alloc: {
    kind: 'choice',
    ...caller,
    symbol: 'arch_dma_alloc',
    params: { ok: OK },
    doc: 'The architecture allocates.',
  },
  arch_dma_free: { kind: 'observation', ...caller, symbol: 'arch_dma_free', doc: 'The architecture frees.' },
} as const satisfies Decls;

/** What is done with memory. */
export const STEPS = {
  set_memory_decrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { buf: BUF },
    doc: 'The memory is to be shared.',
  },
  set_memory_decrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { buf: BUF, ret: ['ok', 'failed'] },
    doc: 'It is, or nobody knows.',
  },
  set_memory_encrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { buf: BUF },
    doc: 'The memory is to be private again.',
  },
  set_memory_encrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { buf: BUF, ret: ['ok', 'failed'] },
    doc: 'It is, or nobody knows.',
  },
  vmap: {
    kind: 'choice',
    ...caller,
    symbol: 'dma_common_contiguous_remap',
    params: { prot: PROT, ok: OK },
    doc: 'An alias is made. It may sleep.',
  },
  vunmap: {
    kind: 'observation',
    ...caller,
    symbol: 'vunmap',
    doc: 'The alias is taken away. It may sleep.',
  },
  memset: { kind: 'observation', ...caller, symbol: 'memset', doc: 'The memory is zeroed.' },
  arch_dma_set_uncached: {
    kind: 'choice',
    ...caller,
    symbol: 'arch_dma_set_uncached',
    params: { ok: OK },
    doc: 'An uncached address is made.',
  },
  arch_dma_clear_uncached: {
    kind: 'observation',
    ...caller,
    symbol: 'arch_dma_clear_uncached',
    doc: 'The uncached address is taken away.',
  },
  iommu_map: {
    kind: 'choice',
    ...caller,
    symbol: 'iommu_map',
    params: { page: ['own', 'none'], ok: OK },
    doc: 'An IOVA is made for the memory of the call, or for no page at all.',
  },
  iommu_unmap: { kind: 'observation', ...caller, symbol: 'iommu_unmap', doc: 'The IOVA is taken away.' },
  remap_pfn_range: {
    kind: 'observation',
    ...caller,
    symbol: 'remap_pfn_range',
    params: { prot: PROT },
    doc: 'The pages are mapped into the process.',
  },
} as const satisfies Decls;

/** Some of the declarations, by name. */
export function pick<T extends Decls, K extends keyof T & string>(from: T, ...names: K[]): Pick<T, K> {
  return Object.fromEntries(names.map((name) => [name, from[name]])) as unknown as Pick<T, K>;
}
