/** The state of `boot` that the simulator is in, instance by instance. */
import { DEFAULT_MEM, DEFAULT_POOL, DMA_MAPPING_ERROR, type Kernel, type Task } from '../../kernel/index.ts';
import type { Names } from '../binding.ts';
import { conversionState, guest } from '../common/conversion.ts';
import { findTask, inside, next } from '../common/frames.ts';
import { encryption, isFreePage, isUncertain } from '../common/memory.ts';

export const BOOT = 'boot/0';
const DRIVER = 'driver/0';

/** The default pool's descriptor, while it describes a pool. */
const descriptor = (kernel: Kernel) =>
  kernel.state.pools.find(({ addr, nslabs }) => addr === DEFAULT_POOL && nslabs > 0);

const slots = (kernel: Kernel) => kernel.mem(DEFAULT_MEM).nslabs;

// ---- the boot ----

function boot(kernel: Kernel): string {
  const task = findTask(kernel, BOOT);
  const there = slots(kernel) > 0 && descriptor(kernel) !== undefined && !exitIsDone(kernel, task);
  return `${task === undefined ? between(kernel) : within(kernel, task)} {pool=${there}}`;
}

function between({ state }: Kernel): string {
  const { swiotlb, attributes, exited } = state.boot;
  if (exited) return 'over';
  return attributes ? 'up' : swiotlb ? 'window' : 'early';
}

/** The teardown has given the buffer up; what follows is bookkeeping. */
function exitIsDone(kernel: Kernel, task: Task | undefined): boolean {
  const exit = inside(task, 'swiotlb_exit');
  if (exit === undefined || exit.pool === 0 || inside(task, 'set_memory_encrypted')) return false;
  const { what } = task!.pending!.args;
  return what === 'slots' || (exit.ret !== 0 && kernel.config.patch(18)) || next(task) === 'swiotlb_exit_ret';
}

/** `swiotlb_init_late()` frees areas last after a failed conversion: the yields of its frees, by number. */
const LATE_FREES: Readonly<Record<number, string>> = {
  4: 'unwinding',
  5: 'unwinding',
  6: 'leaking',
  7: 'failing',
};

function within(kernel: Kernel, task: Task): string {
  const step = next(task);
  const call = CALLS.find(([fn]) => inside(task, fn))!;
  const [, name] = call;
  if (/_ret$/.test(step) && !inside(task, 'set_memory_decrypted') && !inside(task, 'set_memory_encrypted')) {
    const failed = name === 'late' && task.pending!.args.ret !== 0;
    return `${name}.${failed ? 'failing' : 'returning'}`;
  }
  if (inside(task, 'add_mem_pool')) return `${name}.publishing`;
  for (const [fn, short] of [
    ['set_memory_decrypted', 'decrypt'],
    ['set_memory_encrypted', 'encrypt'],
  ] as const) {
    if (!inside(task, fn)) continue;
    const [begin, running] = short === 'decrypt' ? ['convert', 'converting'] : ['encrypt', 'encrypting'];
    return `${name}.${step === fn ? begin : running}`;
  }
  const what = task.pending!.args.what as string;
  if (step === 'memblock_alloc') return `init.${what === 'tlb' ? 'reserving' : what}`;
  if (step === '__get_free_pages') return `late.${what === 'tlb' ? 'allocating' : what}`;
  if (step === 'WRITE_ONCE') return 'update.recording';
  if (name === 'exit') return exitIsDone(kernel, task) ? 'exit.returning' : 'exit.freeing';
  return `late.${LATE_FREES[inside(task, 'swiotlb_init_late')!.at]}`;
}

const CALLS = [
  ['swiotlb_init_late', 'late'],
  ['swiotlb_init', 'init'],
  ['swiotlb_update_mem_attributes', 'update'],
  ['swiotlb_exit', 'exit'],
] as const;

// ---- the memory as a driver meets it, and its mapping ----

function ioTlbMem(kernel: Kernel): string {
  const { unencrypted } = kernel.mem(DEFAULT_MEM);
  return `${mapping(kernel)} {mem=${mem(kernel)}, unencrypted=${unencrypted === true}}`;
}

function mem(kernel: Kernel): string {
  const pool = descriptor(kernel);
  if (slots(kernel) === 0) return 'none';
  // From the beginning of its teardown on nobody uses it any more.
  const exit = inside(findTask(kernel, BOOT), 'swiotlb_exit');
  if (pool === undefined || (exit !== undefined && exit.pool !== 0)) return 'gone';
  return pool.areas.every(({ used }) => used === pool.area_nslabs) ? 'full' : 'active';
}

function mapping(kernel: Kernel): string {
  const task = findTask(kernel, DRIVER);
  const step = next(task);
  if (inside(task, 'driver_map') !== undefined) return `mapping.${mapStage(task!, step)}`;
  if (inside(task, 'driver_unmap') !== undefined) {
    if (inside(task, 'swiotlb_sync_single_for_cpu') !== undefined) return 'unmapping.copyingOut';
    return step === 'dma_unmap_phys_ret' ? 'unmapping.returning' : 'unmapping.releasing';
  }
  return kernel.state.drivers[0]!.mapping === null ? 'unmapped' : 'mapped';
}

function mapStage(task: Task, step: string): string {
  // The pool is looked up again when its address turned out to be of no use.
  if (inside(task, 'swiotlb_find_pool') !== undefined) return 'refusing';
  switch (step) {
    case 'list_first_rcu':
    case 'swiotlb_search_pool_area':
      return 'searching';
    case 'list_next_rcu':
    case 'schedule_work':
      return 'growing';
    case 'kzalloc':
      return 'allocating';
    case 'WRITE_ONCE':
    case 'swiotlb_bounce':
      return 'copyingIn';
    case 'swiotlb_release_slots':
      return 'refusing';
    case 'dma_map_phys_ret':
      return task.pending!.args.result === DMA_MAPPING_ERROR ? 'failed' : 'encoding';
    default:
      return `before ${step}`;
  }
}

// ---- conversion and pages ----

function conversion(kernel: Kernel): string {
  const at = conversionState(kernel, findTask(kernel, BOOT));
  return at === null ? 'idle {by=nobody}' : `${at} {by=boot}`;
}

/** Whether somebody has the memory at a physical address: a pool, or the code that is about to make one. */
function isHeld(kernel: Kernel, phys: number): boolean {
  const task = findTask(kernel, BOOT);
  if (descriptor(kernel)?.start === phys) return !exitIsDone(kernel, task);
  if (inside(task, 'swiotlb_init')) return phys === EARLY_POOL && next(task) !== 'swiotlb_init_ret';
  const late = inside(task, 'swiotlb_init_late');
  return late?.phys === phys && next(task) !== 'swiotlb_init_late_ret' && LATE_FREES[late.at] !== 'failing';
}

/** A range of the pool: its first page, or the rest. */
function page(range: 0 | 1) {
  return (kernel: Kernel, { P: phys }: Names): string => {
    if (phys === null || phys === undefined) return 'elsewhere';
    const pages = poolPages(kernel, phys);
    const [at, count] = range === 0 ? [phys, 1] : [phys + PAGE_BYTES, pages - 1];
    const state = encryption(kernel, at, count);
    if (isFreePage(kernel, phys)) return state === 'shared' ? 'elsewhereShared' : 'free';
    if (isHeld(kernel, phys)) return `swiotlb.${state}`;
    return isUncertain(kernel, phys) ? 'leaked' : 'forgotten';
  };
}
const PAGE_BYTES = 4096;

/** Pages of the pool at a physical address: the early one has its place, a late one can lie anywhere else. */
function poolPages(kernel: Kernel, phys: number): number {
  const early = phys === EARLY_POOL;
  const nslabs = early
    ? kernel.config.size('defaultAreas') * kernel.config.size('defaultSegments') * 128
    : kernel.config.size('lateSlabs');
  return nslabs / 2;
}
/** Where the early pool is reserved. */
export const EARLY_POOL = 0x0100_0000;

export const projection: Readonly<Record<string, (kernel: Kernel, names: Names) => string>> = {
  boot,
  io_tlb_default_mem: ioTlbMem,
  conversion,
  'page[0]': page(0),
  'page[1]': page(1),
  guest,
};
