/** The state of `trusted` that the simulator is in, instance by instance: a pure function of its memory and frames. */
import {
  BUFFER_BYTES,
  encodingOf,
  force_dma_unencrypted,
  HOST_SHARED,
  type Kernel,
  PAGE_SIZE,
  pageIndex,
  type Task,
} from '../../kernel/index.ts';
import type { Names } from '../binding.ts';
import { conversionState, guest } from '../common/conversion.ts';
import { findTask, inside, next } from '../common/frames.ts';
import { copyState, mappingState, requestState } from '../common/mapping-state.ts';
import { rangeState } from '../common/memory.ts';

const B = { driver: 1, start: 0, bytes: BUFFER_BYTES } as const;
const driverTask = (kernel: Kernel) => findTask(kernel, 'driver/0')!;

/** A device that was trusted from the beginning is never accepted. */
const isAccepted = ({ config, state }: Kernel) => state.devices[0]!.trusted && !config.option('trusted');
const device = (kernel: Kernel): string => (isAccepted(kernel) ? 'trusted' : 'untrusted');

function driver(kernel: Kernel, names: Names): string {
  const stage = driverStage(kernel, names);
  return `${stage} {shared=${isShared(kernel, names, stage)}, trusted=${isAccepted(kernel)}}`;
}

function driverStage(kernel: Kernel, names: Names): string {
  const task = driverTask(kernel);
  if (inside(task, 'driver_alloc') !== undefined) return `allocating.${allocStage(kernel, names)}`;
  if (inside(task, 'driver_free') !== undefined) return `freeing.${freeStage(kernel, task)}`;
  if (kernel.state.drivers[0]!.allocations.length > 0) return 'held';
  return isSpoilt(kernel) ? 'over' : 'none';
}

/** Pages that the page allocator has are shared: freed so by a device that had been accepted. */
export function isSpoilt(kernel: Kernel): boolean {
  if (!isAccepted(kernel)) return false;
  const { memory, buddy } = kernel.state;
  for (let i = 0; i < buddy.free.length; i += 2) {
    const first = pageIndex(memory, buddy.free[i]! * PAGE_SIZE);
    for (let n = 0; n < 2 ** buddy.free[i + 1]!; n++)
      if ((memory.codes[first + n]! & HOST_SHARED) !== 0) return true;
  }
  return false;
}

function allocStage(kernel: Kernel, names: Names): string {
  const task = driverTask(kernel);
  const step = next(task);
  const lower = inside(task, '__dma_direct_alloc_pages')?.zone === 'dma';
  switch (step) {
    case 'alloc_pages':
      return lower ? 'lowerPages' : 'pages';
    case '__free_pages':
      return lower ? 'givingBackLower' : 'givingBack';
    case 'set_memory_decrypted':
      return 'sharing';
    case 'memset':
      return 'zeroing';
    case 'dma_alloc_attrs_ret': {
      const { result, dma } = task.pending!.args;
      if (result === 0) return 'failed';
      const wrong = encodingOf(kernel, dma as number) === 'private' && range(0)(kernel, names) === 'shared';
      return wrong ? 'misaddressed' : 'returning';
    }
    default:
      return 'converting';
  }
}

function freeStage(kernel: Kernel, task: Task): string {
  const step = next(task);
  if (inside(task, 'set_memory_encrypted'))
    return step === 'set_memory_encrypted' ? 'unsharing' : 'converting';
  if (step === 'dma_free_attrs_ret') return isSpoilt(kernel) ? 'spoilt' : 'returning';
  if (step === '__free_pages') return 'pages';
  // While pools are asked who owns the memory.
  const { mark } = inside(task, 'dma_direct_free')!;
  const asked = kernel.config.patch(12) || force_dma_unencrypted(kernel, 0);
  return mark === true && asked ? 'unsharing' : 'pages';
}

/** The memory is shared, or is about to be. */
function isShared(kernel: Kernel, names: Names, stage: string): boolean {
  switch (stage) {
    case 'allocating.pages':
    case 'allocating.lowerPages':
    case 'allocating.givingBack':
    case 'allocating.givingBackLower':
      // Before patch 12 the conversion asks for itself.
      return kernel.config.patch(12) && inside(driverTask(kernel), 'dma_direct_alloc')!.mark === true;
    case 'allocating.sharing':
    case 'allocating.converting':
    case 'freeing.converting':
      return true;
    default:
      return range(0)(kernel, names) === 'shared';
  }
}

function range(n: 0 | 1) {
  return (kernel: Kernel, { A }: Names): string =>
    A == null ? 'private' : rangeState(kernel, A + n * PAGE_SIZE, 1);
}

function conversion(kernel: Kernel): string {
  const at = conversionState(kernel, driverTask(kernel));
  return at === null ? 'idle {by=nobody}' : `${at} {by=driver}`;
}

export const projection: Readonly<Record<string, (kernel: Kernel, names: Names) => string>> = {
  device,
  driver,
  other: mappingState(B),
  request: requestState('driver/1', 'driver_map'),
  'copy[B]': copyState(B),
  'conversion[A]': conversion,
  'range[A0]': range(0),
  'range[A1]': range(1),
  guest,
};
