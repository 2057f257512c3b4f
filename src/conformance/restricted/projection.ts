/** The state of `restricted` that the simulator is in, instance by instance: a pure function of its memory and frames. */
import { dma_coherent_ok } from '../../kernel/device.ts';
import { force_dma_unencrypted, type Kernel, PAGE_SIZE, type Task } from '../../kernel/index.ts';
import { conversionState } from '../common/conversion.ts';
import { findTask, inside, next } from '../common/frames.ts';
import {
  copyState,
  devicePool,
  hasMissed,
  mappingState,
  requestState,
  slotOf,
} from '../common/mapping-state.ts';
import { rangeState } from '../common/memory.ts';

/** Bytes of every request: all slots of a pool of one segment, so that the second meets a full pool. */
const SLOTS = 128;
export const ALL = SLOTS * 2048;

const B = { driver: 1, start: 0, bytes: ALL } as const;
const driverTask = (kernel: Kernel) => findTask(kernel, 'driver/0')!;

/** The memory is taken for pages of the page allocator, and converted (before patch 3). */
const isConverted = (kernel: Kernel) => force_dma_unencrypted(kernel, 0) && !kernel.config.patch(3);

function driver(kernel: Kernel): string {
  const task = driverTask(kernel);
  const ctx = inside(task, 'driver_alloc') === undefined ? 'process' : task.context;
  return `${driverStage(kernel, task)} {ctx=${ctx}}`;
}

function driverStage(kernel: Kernel, task: Task): string {
  if (inside(task, 'driver_alloc') !== undefined) return `allocating.${allocStage(kernel, task)}`;
  if (inside(task, 'driver_free') !== undefined) return `freeing.${freeStage(kernel, task)}`;
  return kernel.state.drivers[0]!.allocations.length === 0 ? 'none' : 'held';
}

function allocStage(kernel: Kernel, task: Task): string {
  const step = next(task);
  if (inside(task, 'set_memory_decrypted'))
    return step === 'set_memory_decrypted' ? 'converting' : 'converted';
  if (step === 'memset') return 'zeroing';
  if (step === 'dma_alloc_attrs_ret') return task.pending!.args.result === 0 ? 'failed' : 'returning';
  if (step === 'swiotlb_release_slots' || inside(task, 'swiotlb_free')) return 'givingBack';
  if (hasMissed(task)) return 'failed';
  if (!hasFound(task)) return 'searching';
  // At the hidden step behind the search.
  if (!dma_coherent_ok(kernel, 0, devicePool(kernel)!.start, ALL)) return 'givingBack';
  return isConverted(kernel) ? 'converting' : 'zeroing';
}

/** Slots were found, and the search has not returned yet. */
const hasFound = (task: Task): boolean => ((inside(task, 'swiotlb_find_slots')?.index ?? -1) as number) >= 0;

function freeStage(kernel: Kernel, task: Task): string {
  const step = next(task);
  if (inside(task, 'set_memory_encrypted'))
    return step === 'set_memory_encrypted' ? 'converting' : 'converted';
  if (step === 'dma_free_attrs_ret') return 'returning';
  // A look-up comes before the conversion, or after it where the conversion is done.
  const before = inside(task, '__dma_direct_free_pages') === undefined;
  return before && isConverted(kernel) ? 'converting' : 'releasing';
}

/** Who has the slots. The area's own count must say the same. */
function room(kernel: Kernel): string {
  const used = devicePool(kernel)!.areas.reduce((sum, area) => sum + area.used, 0);
  if (used === 0) return 'free';
  if (used !== SLOTS) return `${used} of ${SLOTS} slots are used`;
  if (slotOf(kernel, B) !== null) return 'mapped';
  return isAllocated(kernel) ? 'allocated' : 'lost';
}

/** The driver has the slots, or code that allocates or frees them has. */
function isAllocated(kernel: Kernel): boolean {
  const task = driverTask(kernel);
  if (kernel.state.drivers[0]!.allocations.length > 0) return true;
  const step = next(task);
  if (inside(task, 'driver_free') !== undefined) return step !== 'dma_free_attrs_ret';
  if (step === 'dma_alloc_attrs_ret') return task.pending!.args.result !== 0;
  return task.stack.some(({ phys }) => typeof phys === 'number' && phys !== 0) || hasFound(task);
}

function range(n: 0 | 1) {
  return (kernel: Kernel): string => {
    const { start } = devicePool(kernel)!;
    return rangeState(kernel, start + n * PAGE_SIZE, n === 0 ? 1 : ALL / PAGE_SIZE - 1);
  };
}

function conversion(kernel: Kernel): string {
  const at = conversionState(kernel, driverTask(kernel));
  return at === null ? 'idle {by=nobody}' : `${at} {by=driver}`;
}

export const projection: Readonly<Record<string, (kernel: Kernel) => string>> = {
  driver,
  other: mappingState(B),
  request: requestState('driver/1', 'driver_map'),
  'copy[B]': copyState(B),
  pool: room,
  'conversion[P]': conversion,
  'range[P0]': range(0),
  'range[P1]': range(1),
};
