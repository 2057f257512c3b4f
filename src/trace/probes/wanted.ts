/**
 * What to record so that the checker can decide: tracepoints and probes with their arguments, and what each is for.
 * Arguments are those of the kernel versions that were recorded; a function that takes others has a line of its own.
 */
import type { PropertyName } from '../judge/properties.ts';

/** Where a function is found under another name or with other arguments, by version. */
export interface Probe {
  /** Name of the event. A function that shares its name with a tracepoint gets `kp_` before it. */
  readonly event: string;
  /** The symbol; suffixes that compilers add (`.part.0`) are looked for in a list of symbols. */
  readonly symbol: string;
  /** `name=where` pairs, as kprobe events take them; by register or stack on x86-64 and arm64: `$argN`. */
  readonly args: readonly string[];
  readonly ret: boolean;
  /** From this version on, and up to before that one. */
  readonly from?: Version;
  readonly before?: Version;
  /** What can no longer be decided without it, or only over fewer checks. */
  readonly loses: readonly PropertyName[];
  readonly why: string;
}

export type Version = readonly [number, number];

/** `dev_name()`: the name of the kobject that a device begins with. */
const DEV = 'dev=+0(+0($arg1)):string';

/** Tracepoints, by group. Those that a kernel does not have are left out by its name of the events directory. */
export const TRACEPOINTS: readonly { readonly group: string; readonly loses: readonly PropertyName[] }[] = [
  { group: 'dma', loses: ['one-owner', 'free-undoes-alloc', 'device-can-reach', 'address-matches-memory'] },
  { group: 'swiotlb', loses: ['one-owner'] },
];

const probe = (
  event: string,
  args: readonly string[],
  more: Partial<Probe> & Pick<Probe, 'loses' | 'why'>,
): Probe => ({
  event,
  symbol: event.replace(/^kp_/, ''),
  args,
  ret: true,
  ...more,
});

export const PROBES: readonly Probe[] = [
  probe('set_memory_decrypted', ['addr=$arg1:x64', 'numpages=$arg2:s32'], {
    loses: ['no-sleep-in-atomic', 'free-private', 'no-exposure', 'pool-tells-the-truth'],
    why: 'every request to share pages: in which context, of which pages, with which answer',
  }),
  probe('set_memory_encrypted', ['addr=$arg1:x64', 'numpages=$arg2:s32'], {
    loses: ['no-sleep-in-atomic', 'free-private', 'pool-tells-the-truth'],
    why: 'every request to make pages private again',
  }),
  probe('swiotlb_alloc_pool', [DEV], {
    loses: ['no-use-after-free'],
    why: 'where a transient or dynamic pool is born',
  }),
  probe('swiotlb_dyn_alloc', ['work=$arg1:x64'], { loses: [], why: 'the growth worker' }),
  probe('swiotlb_dyn_free', ['rcu=$arg1:x64'], {
    before: [7, 0],
    loses: ['no-use-after-free', 'free-private'],
    why: 'the RCU callback that frees a pool',
  }),
  probe('swiotlb_dyn_free_work', ['work=$arg1:x64'], {
    from: [7, 0],
    loses: ['no-use-after-free', 'free-private'],
    why: 'the work that frees a pool',
  }),
  probe(
    'swiotlb_tbl_map_single',
    [DEV, 'orig=$arg2:x64', 'size=$arg3:u64', 'align=$arg4:x32', 'dir=$arg5:s32'],
    {
      loses: ['one-owner', 'data-arrives', 'no-use-after-free'],
      why: 'slots handed out',
    },
  ),
  probe(
    'swiotlb_tbl_unmap_single',
    [DEV, 'tlb=$arg2:x64', 'size=$arg3:u64', 'dir=$arg4:s32', 'attrs=$arg5:x64', 'pool=$arg6:x64'],
    {
      symbol: '__swiotlb_tbl_unmap_single',
      ret: false,
      loses: ['no-use-after-free'],
      why: 'slots released, before their tracepoint says so; and in which pool',
    },
  ),
  probe('swiotlb_bounce', [DEV, 'tlb=$arg2:x64', 'size=$arg3:u64', 'dir=$arg4:s32'], {
    ret: false,
    loses: ['data-arrives'],
    why: 'copies into slots and out of them',
  }),
  probe('swiotlb_free_tlb', ['vaddr=$arg1:x64', 'bytes=$arg2:u64'], {
    ret: false,
    loses: [],
    why: 'the buffer of a pool that is freed',
  }),
  probe('dma_alloc_from_pool', [DEV, 'size=$arg2:u64', 'gfp=$arg4:x32', 'attrs=$arg5:x64'], {
    from: [7, 0],
    loses: ['free-undoes-alloc', 'pool-tells-the-truth'],
    why: 'pieces that the atomic pools hand out',
  }),
  probe('dma_alloc_from_pool', [DEV, 'size=$arg2:u64', 'gfp=$arg4:x32'], {
    before: [7, 0],
    loses: ['free-undoes-alloc', 'pool-tells-the-truth'],
    why: 'pieces that the atomic pools hand out, which are always shared',
  }),
  probe('dma_free_from_pool', [DEV, 'start=$arg2:x64', 'size=$arg3:u64'], {
    loses: ['free-undoes-alloc'],
    why: 'whether what is freed is an atomic pool’s',
  }),
  probe('atomic_pool_work_fn', [], { ret: false, loses: [], why: 'the worker that grows the atomic pools' }),
  probe('atomic_pool_expand', ['pool=$arg1:x64', 'size=$arg2:u64', 'gfp=$arg3:x32'], {
    loses: ['pool-tells-the-truth'],
    why: 'chunks of the atomic pools, and their state',
  }),
  probe('dma_alloc_attrs', [DEV, 'size=$arg2:u64', 'gfp=$arg4:x32', 'attrs=$arg5:x64'], {
    loses: ['no-sleep-in-atomic'],
    why: 'allocations that may sleep: in which context',
  }),
  probe(
    'dma_free_attrs',
    [DEV, 'size=$arg2:u64', 'cpu_addr=$arg3:x64', 'dma_handle=$arg4:x64', 'attrs=$arg5:x64'],
    {
      ret: false,
      loses: [],
      why: 'frees, with an address that is not hashed',
    },
  ),
  probe('dma_direct_alloc', [DEV, 'size=$arg2:u64', 'gfp=$arg4:x32', 'attrs=$arg5:x64'], {
    loses: ['free-undoes-alloc', 'device-can-reach'],
    why: 'what an allocation did; its attributes say whether the device reaches shared memory only',
  }),
  probe(
    'dma_direct_free',
    [DEV, 'size=$arg2:u64', 'cpu_addr=$arg3:x64', 'dma_addr=$arg4:x64', 'attrs=$arg5:x64'],
    {
      loses: ['free-private', 'free-undoes-alloc', 'nothing-leaks'],
      why: 'what a free undid',
    },
  ),
  probe('dma_direct_alloc_pages', [DEV, 'size=$arg2:u64', 'dir=$arg4:s32', 'gfp=$arg5:x32'], {
    loses: ['free-undoes-alloc'],
    why: 'the same for dma_alloc_pages',
  }),
  probe('dma_direct_free_pages', [DEV, 'size=$arg2:u64', 'page=$arg3:x64', 'dma_addr=$arg4:x64'], {
    loses: ['free-private', 'free-undoes-alloc'],
    why: 'the same for dma_free_pages',
  }),
  probe('dma_free_contiguous', [DEV, 'page=$arg2:x64', 'size=$arg3:u64'], {
    ret: false,
    loses: ['nothing-leaks'],
    why: 'pages that go back',
  }),
  probe('kp_dma_map_phys', [DEV, 'phys=$arg2:x64', 'size=$arg3:u64', 'dir=$arg4:s32', 'attrs=$arg5:x64'], {
    ret: false,
    from: [6, 18],
    loses: [],
    why: 'where a mapping begins',
  }),
  probe('kp_dma_unmap_phys', [DEV, 'addr=$arg2:x64', 'size=$arg3:u64', 'dir=$arg4:s32', 'attrs=$arg5:x64'], {
    ret: false,
    from: [6, 18],
    loses: [],
    why: 'where an unmap begins',
  }),
  probe('dma_map_page_attrs', [DEV, 'off=$arg3:x64', 'size=$arg4:u64', 'dir=$arg5:s32', 'attrs=$arg6:x64'], {
    ret: false,
    before: [6, 18],
    loses: [],
    why: 'where a mapping begins',
  }),
  probe(
    'dma_unmap_page_attrs',
    [DEV, 'addr=$arg2:x64', 'size=$arg3:u64', 'dir=$arg4:s32', 'attrs=$arg5:x64'],
    {
      ret: false,
      before: [6, 18],
      loses: [],
      why: 'where an unmap begins',
    },
  ),
  probe('dma_set_coherent_mask', [DEV, 'mask=$arg2:x64'], {
    ret: false,
    loses: [],
    why: 'on a host with memory encryption: from here on the device may reach other memory',
  }),
  probe('vunmap', ['addr=$arg1:x64'], {
    ret: false,
    loses: [],
    why: 'aliases taken away by a free, which may sleep (arm64)',
  }),
  probe('dma_common_contiguous_remap', [], {
    ret: false,
    loses: [],
    why: 'aliases made, which may sleep (arm64)',
  }),
  probe('dma_common_free_remap', [], {
    ret: false,
    loses: [],
    why: 'aliases taken away, which may sleep (arm64)',
  }),
];
