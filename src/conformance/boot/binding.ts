/** `boot` in the simulator's words: the boot on `boot/0`, and driver 0. */
import {
  type Answer,
  BUFFER_BYTES,
  DMA_MAPPING_ERROR,
  encodingOf,
  type Kernel,
  type KernelConfig,
  type Stimulus,
  type Task,
} from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import type { Binding, Names, Offer, Pending } from '../binding.ts';
import { conversionEvent } from '../common/conversion.ts';
import { findTask, inside } from '../common/frames.ts';
import { BEYOND_THE_BUS } from '../common/machine.ts';
import { encryption, linearToPhys } from '../common/memory.ts';
import { BOOT, EARLY_POOL, projection } from './projection.ts';

const TASKS: Readonly<Record<string, string>> = { boot: BOOT, driver: 'driver/0' };
const ACTORS = new Map(Object.entries(TASKS).map(([actor, task]) => [task, actor]));

const CALLS = ['swiotlb_init', 'swiotlb_update_mem_attributes', 'swiotlb_init_late', 'swiotlb_exit'];

function stimulus({ type }: GlobalEvent): Stimulus | null {
  switch (type) {
    case 'dma_map_phys':
      return {
        name: 'map',
        args: { driver: 0, context: 'process', boundary: 'wide', bytes: BUFFER_BYTES },
      };
    case 'dma_unmap_phys':
      return { name: 'unmap', args: { driver: 0, context: 'process' } };
    case 'device_write':
      return { name: 'deviceWrite', args: { driver: 0 } };
    default:
      return CALLS.includes(type) ? { name: type as Stimulus['name'], args: {} } : null;
  }
}

/** The environment: one call at a time, in the order of every architecture. */
function mayCall(kernel: Kernel, name: string): boolean {
  const { boot } = kernel.state;
  const busy = findTask(kernel, BOOT) !== undefined || findTask(kernel, 'driver/0')!.pending !== null;
  if (busy) return false;
  // A late pool is asked for by initcalls and drivers, when the CPUs are up.
  if (name === 'swiotlb_init_late') return boot.attributes;
  // Neither arm64 nor s390 tears an unneeded pool down.
  if (name === 'swiotlb_exit') return !['arm64', 's390'].includes(kernel.config.fact('family'));
  return true;
}

function stimulusEvent(kernel: Kernel, { name, args }: Stimulus): Offer | null {
  if (CALLS.includes(name)) return mayCall(kernel, name) ? { actor: 'boot', event: name } : null;
  switch (name) {
    case 'map':
    case 'unmap': {
      if (args.driver !== 0 || args.context !== 'process' || args.boundary === 'narrow') return null;
      return mayCall(kernel, name) ? { actor: 'driver', event: `dma_${name}_phys` } : null;
    }
    case 'deviceWrite':
      return args.driver === 0 ? { actor: 'device', event: 'device_write' } : null;
    default:
      // The growth worker has no memory to grow with: it never comes to run.
      return null;
  }
}

const named = (type: string, params: Pending['params'] = {}): Pending => ({ type, params });

function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const conversion = conversionEvent(kernel, task, { by: ACTORS.get(task.name)! });
  if (conversion !== null) return conversion;
  return task.name === BOOT ? bootEvent(task) : driverEvent(kernel, task);
}

function bootEvent(task: Task): Pending | null {
  const { name, args } = task.pending!;
  const by = 'boot';
  if (inside(task, 'add_mem_pool')) return named('add_mem_pool');
  switch (name) {
    case 'memblock_alloc':
      return named(name, { what: args.what === 'tlb' ? 'pool' : args.what! });
    case '__get_free_pages':
      return args.what === 'tlb'
        ? named('alloc_pages', { by })
        : named('get_free_pages', { by, what: args.what! });
    case '__free_pages':
      return named('free_pages', { by });
    case 'memblock_free':
      // Areas and slots are bookkeeping.
      return args.what === 'tlb' ? named('free_pages', { by }) : null;
    case 'free_pages':
      // After a failed conversion of a late pool slots go first, then areas: the first one stands for both.
      return !inside(task, 'swiotlb_exit') && args.what === 'slots' ? named('free_metadata') : null;
    case 'swiotlb_init_late_ret':
      return named(name, { ret: args.ret === 0 ? 'ok' : 'failed' });
    case 'swiotlb_init_ret':
    case 'swiotlb_update_mem_attributes_ret':
    case 'swiotlb_exit_ret':
      return named(name);
    case 'WRITE_ONCE':
      return named('write_unencrypted');
    // The end of the guest is never taken.
    case 'guest_over':
      return null;
    default:
      throw new Error(`a step of the boot that this system does not know: ${name}`);
  }
}

function driverEvent(kernel: Kernel, task: Task): Pending | null {
  const { name, args } = task.pending!;
  switch (name) {
    case 'swiotlb_search_pool_area':
      return named('swiotlb_search_area');
    case 'kzalloc':
    case 'schedule_work':
    case 'swiotlb_release_slots':
    case 'dma_unmap_phys_ret':
      return named(name);
    case 'swiotlb_bounce':
      return named(name, { dir: args.dir! });
    case 'dma_map_phys_ret':
      return named(name, { result: addressKind(kernel, args.result as number) });
    // The list of the one pool, which nobody changes meanwhile; a flag that only rises.
    case 'list_first_rcu':
    case 'READ_ONCE':
    case 'WRITE_ONCE':
    case 'read_pool':
    case 'list_next_rcu':
    case 'WARN':
      return null;
    default:
      throw new Error(`a step of the driver that this system does not know: ${name}`);
  }
}

function addressKind(kernel: Kernel, dma: number): string {
  return dma === DMA_MAPPING_ERROR ? 'error' : (encodingOf(kernel, dma) ?? 'bare');
}

/** An early pool before the late one: 64 pages, 128 pages, and memory for any number of pools that are lost. */
function machine(config: KernelConfig): KernelConfig {
  return {
    ...config,
    options: { ...config.options, restrictedPool: false },
    sizes: {
      boot: 'early',
      defaultAreas: 1,
      defaultSegments: 1,
      defaultMinSlabs: 128,
      lateSlabs: 256,
      ordinaryPages: 128 * 32,
      ...BEYOND_THE_BUS,
    },
  };
}

const POOL = ['memblock_alloc', 'alloc_pages'];

export const bootBinding: Binding = {
  system: 'boot',
  noNames: { P: null },
  machine,
  stimulus,
  stimulusEvent,
  task: (actor) => TASKS[actor] ?? actor,
  actor: (task) => ACTORS.get(task) ?? null,
  pendingEvent,
  outcomes: { swiotlb_search_area: ['found'] },
  answer: ({ params }): Answer => (params.ok === true ? 'ok' : 'fail'),
  // There is no memory for a transient pool.
  answers: (task, answers) =>
    task.pending!.name === 'kzalloc' ? answers.filter((answer) => answer === 'fail') : answers,
  contradicts({ type, params }, { result }) {
    if (type !== 'swiotlb_search_area' || (result as number) >= 0 === params.found) return null;
    return `the pool had a slot: expected ${params.found}, was ${!params.found}`;
  },
  rename(names, { type, params }, kernel, record): Names {
    if (POOL.includes(type) && params.ok === true && (params.what ?? 'pool') === 'pool')
      return { P: type === 'memblock_alloc' ? EARLY_POOL : linearToPhys(record.result as number) };
    if (type !== 'free_pages') return names;
    // powerpc frees what the host still has: the page is not done with.
    const stays =
      kernel.config.fact('conversion') === 'powerpc' && encryption(kernel, names.P!, 1) === 'shared';
    return stays ? names : { P: null };
  },
  projection,
  unseen: {
    io_tlb_default_mem: {
      context: ['address', 'converted', 'written'],
      because:
        'without a bit in the address nothing in memory says what was true when it was made; and a write of the device that does not arrive leaves no trace. What the address says is compared when it is handed out.',
    },
  },
};
