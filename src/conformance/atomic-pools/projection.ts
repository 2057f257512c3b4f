/** The state of `atomic-pools` that the simulator is in, instance by instance. */
import {
  HOST_SHARED,
  type Kernel,
  PAGE_SIZE,
  PTE_INVALID,
  PTE_SHARED,
  pageIndex,
  type Task,
} from '../../kernel/index.ts';
import type { Names } from '../binding.ts';
import { conversionState, guest } from '../common/conversion.ts';
import { findTask, inside, next } from '../common/frames.ts';
import { atomicPoolOwns, isFreePage, isUncertain } from '../common/memory.ts';

/** The chunk that the pool is made with, and the one by which it is grown. */
export type Chunk = 'I' | 'G';
export const MAKERS: Readonly<Record<Chunk, string>> = { I: 'boot/0', G: 'kworker/atomic_pool_work' };
const DRIVER = 'driver/0';
const maker = (kernel: Kernel, chunk: Chunk) => findTask(kernel, MAKERS[chunk]);

// ---- the driver, and the pool as it finds it ----

function driver(kernel: Kernel): string {
  const chunks = kernel.state.atomicPools[0]?.pool.chunks ?? [];
  const out = chunks.some(({ bits }) => bits.includes(1));
  return `${driverStage(kernel)} {out=${out}, pool=${pool(kernel)}, short=${chunks.length < 2}}`;
}

function pool(kernel: Kernel): string {
  const found = kernel.state.atomicPools[0];
  const has = (found?.pool.chunks.length ?? 0) > 0;
  if (maker(kernel, 'I') !== undefined) return has ? 'added' : 'making';
  return found === undefined ? 'none' : has ? 'filled' : 'empty';
}

function driverStage(kernel: Kernel): string {
  const task = findTask(kernel, DRIVER);
  const step = next(task);
  if (inside(task, 'driver_alloc')) {
    switch (step) {
      case 'gen_pool_alloc':
        return 'allocating.asking';
      case 'gen_pool_avail':
        return 'allocating.measuring';
      case 'schedule_work':
        return 'allocating.scheduling';
      default:
        // A warning that no pool suits stands before the return.
        return step === 'WARN' || task!.pending!.args.result === 0
          ? 'allocating.failed'
          : 'allocating.encoding';
    }
  }
  if (inside(task, 'driver_free'))
    return step === 'dma_free_from_pool' ? 'freeing.looking' : 'freeing.returning';
  return kernel.state.drivers[0]!.allocations.length > 0 ? 'allocated' : 'idle';
}

function cpu(kernel: Kernel): string {
  return kernel.state.tasks.some((task) => task.cpu === 0 && task.context !== 'process')
    ? 'atomic'
    : 'process';
}

function work(kernel: Kernel): string {
  const queued = kernel.state.queued.length > 0;
  if (maker(kernel, 'G') !== undefined) return queued ? 'runningAndQueued' : 'running';
  return queued ? 'queued' : 'idle';
}

// ---- an expansion ----

/** Whether a pending request is for less than the first one: no such memory is there either. */
export function asksForLess(task: Task): boolean {
  const { name, args } = task.pending!;
  return (name === 'cma_alloc' && args.pages === 1) || (name === 'alloc_pages' && args.order === 0);
}

function expand(chunk: Chunk) {
  return (kernel: Kernel, names: Names): string => {
    const task = maker(kernel, chunk);
    if (task !== undefined) return expandStage(kernel, task, names[`hand${chunk}`] ?? null);
    return chunk === 'I' && kernel.state.boot.atomicPools ? 'settled' : 'idle';
  };
}

function expandStage(kernel: Kernel, task: Task, inHand: number | null): string {
  const step = next(task);
  for (const [fn, begin, running] of [
    ['set_memory_decrypted', 'decrypt', 'decrypting'],
    ['set_memory_encrypted', 'encrypt', 'encrypting'],
  ] as const)
    if (inside(task, fn)) return step === fn ? begin : running;
  if (asksForLess(task)) return 'over';
  switch (step) {
    case 'kzalloc':
      return 'creating';
    case 'gen_pool_avail':
      return 'measuring';
    case 'cma_alloc':
      return 'cma';
    case 'alloc_pages':
      return 'pages';
    case 'vmap':
      return 'alias';
    case 'gen_pool_add_virt':
      return 'add';
    case 'vunmap':
      return inside(task, 'atomic_pool_expand')!.leak === true ? 'unmappingOnly' : 'unmapping';
    case '__free_pages':
      return 'freeing';
    default:
      // Without patch 13 and without an alias the pages stay where they are, though nothing is wrong with them.
      return inHand !== null && !isUncertain(kernel, inHand) ? 'freeing' : 'over';
  }
}

/** Whose the memory of a chunk is. */
function memory(chunk: Chunk) {
  return (kernel: Kernel, names: Names): string => {
    const phys = names[chunk] ?? null;
    if (phys === null) return text('elsewhere', 'none', false, false);
    // CMA's pages can be in the page allocator by mistake, and come from there again.
    const source = names[`given${chunk}`] === phys ? 'allocator' : 'cma';
    const alias = kernel.state.memory.vmap.some(({ frames }) => frames.includes(phys));
    // That a conversion failed is known when it returns.
    const returning = /^set_memory_.*_ret$/.test(next(maker(kernel, chunk)));
    const doubtful = isUncertain(kernel, phys) && !returning;
    const is = (state: string) => text(state, source, alias, doubtful);
    if (isFreePage(kernel, phys))
      return source === 'cma' ? is('misplaced') : text('elsewhere', 'none', false, false);
    if (atomicPoolOwns(kernel, phys)) return is('inPool');
    return is(maker(kernel, chunk) === undefined || isOld(names, chunk) ? 'left' : 'inHand');
  };
}

/** A task is at work again, and has no memory yet: what bears the name was left behind by an earlier one. */
const isOld = (names: Names, chunk: Chunk) => names[`hand${chunk}`] === null;

const text = (state: string, source: string, alias: boolean, doubtful: boolean): string =>
  `${state} {alias=${alias}, doubtful=${doubtful}, source=${source}}`;

function conversion(chunk: Chunk, by: string) {
  return (kernel: Kernel): string => {
    const at = conversionState(kernel, maker(kernel, chunk));
    return at === null ? 'idle {by=nobody}' : `${at} {by=${by}}`;
  };
}

/** A page of a chunk as the machine `memory-range` has it: what the entry and the host say. */
function page(chunk: Chunk, range: 0 | 1) {
  return (kernel: Kernel, names: Names): string => {
    const phys = names[chunk] ?? null;
    if (phys === null) return 'private';
    const code = kernel.state.memory.codes[pageIndex(kernel.state.memory, phys + range * PAGE_SIZE)]!;
    const [entry, host] = [(code & PTE_SHARED) !== 0, (code & HOST_SHARED) !== 0];
    if ((code & PTE_INVALID) !== 0) return `uncertain.${host ? 'invalidHostShared' : 'invalid'}`;
    if (entry !== host) return `uncertain.${host ? 'hostShared' : 'entryShared'}`;
    return host ? 'shared' : 'private';
  };
}

export const projection: Readonly<Record<string, (kernel: Kernel, names: Names) => string>> = {
  driver,
  'cpu[0]': cpu,
  work,
  'expand[I]': expand('I'),
  'expand[G]': expand('G'),
  'chunk[I]': memory('I'),
  'chunk[G]': memory('G'),
  'conversion[I]': conversion('I', 'boot'),
  'conversion[G]': conversion('G', 'grower'),
  'page[0]': page('I', 0),
  'page[1]': page('I', 1),
  'page[2]': page('G', 0),
  'page[3]': page('G', 1),
  guest,
};
