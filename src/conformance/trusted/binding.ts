/**
 * `trusted` in the simulator's words: driver 0 allocates, driver 1 maps, and their one device may be accepted. At v5
 * no platform looks at the device: that the simulator's `force_dma_unencrypted()` does is what the series prepares for.
 */
import {
  type Answer,
  BUFFER_BYTES,
  type Kernel,
  type KernelConfig,
  type Stimulus,
  type Task,
  type TraceRecord,
} from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import { type Binding, type Names, type Offer, offerText, type Pending } from '../binding.ts';
import { conversionEvent } from '../common/conversion.ts';
import { inside } from '../common/frames.ts';
import {
  ACTORS,
  isWalk,
  type Mapper,
  mappingEvent,
  mappingOffer,
  mappingStimuli,
  mappingStimulus,
  PROCESS,
  searchContradicts,
  TASKS,
} from '../common/mapping.ts';
import { addressKind } from '../common/mapping-state.ts';
import { isSpoilt, projection } from './projection.ts';

const OTHER: Mapper = {
  driver: 1,
  by: 'other',
  map: 'B',
  directions: ['BIDIRECTIONAL'],
  attrs: ['none', 'CC_SHARED'],
  sizes: { fits: BUFFER_BYTES },
};

const DRIVER = { driver: 0 } as const;
const ALLOC: Stimulus = {
  name: 'alloc',
  args: { ...DRIVER, fn: 'dma_alloc_attrs', ...PROCESS, bytes: BUFFER_BYTES, attrs: '' },
};
const FREE: Stimulus = { name: 'free', args: { ...DRIVER, ...PROCESS } };
const COHERENT = { ...DRIVER, which: 0 };
const DEVICE_READ: Stimulus = { name: 'deviceRead', args: COHERENT };
const DEVICE_WRITE: Stimulus = { name: 'deviceWrite', args: COHERENT };
const ACCEPT: Stimulus = { name: 'accept', args: { device: 0 } };

function stimulus(event: GlobalEvent, kernel: Kernel): Stimulus | null {
  const { type, params } = event;
  switch (type) {
    case 'accept':
      return ACCEPT;
    case 'dma_alloc_attrs':
      return ALLOC;
    case 'dma_free_attrs':
      return FREE;
    default:
      if (params.map === 'A') return type === 'device_read' ? DEVICE_READ : DEVICE_WRITE;
      return mappingStimulus(OTHER, event, kernel);
  }
}

const OF_MAPPER = [ACCEPT, ...mappingStimuli(OTHER)];
const WITHOUT = [ALLOC, ...OF_MAPPER];
const WITH = [FREE, DEVICE_READ, DEVICE_WRITE, ...OF_MAPPER];

/** The driver has one allocation at a time, and asks for no more when the page allocator has shared pages. */
function stimuli(kernel: Kernel): readonly Stimulus[] {
  if (kernel.state.drivers[0]!.allocations.length > 0) return WITH;
  return isSpoilt(kernel) ? OF_MAPPER : WITHOUT;
}

function stimulusEvent(kernel: Kernel, stimulus: Stimulus): Offer | null {
  const { name, args } = stimulus;
  const by = 'driver';
  switch (name) {
    case 'accept':
      return { actor: 'world', event: 'accept' };
    case 'alloc':
      return { actor: by, event: offerText('dma_alloc_attrs', { by }) };
    case 'free':
      return { actor: by, event: offerText('dma_free_attrs', { by }) };
    default: {
      if (args.which === 0) {
        const type = name === 'deviceRead' ? 'device_read' : 'device_write';
        return { actor: 'device', event: offerText(type, { map: 'A' }) };
      }
      const device = kernel.state.devices[0]!.trusted ? 'trusted' : 'untrusted';
      return mappingOffer(OTHER, kernel, stimulus, { device });
    }
  }
}

function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const by = ACTORS.get(task.name)!;
  const event = by === 'other' ? mappingEvent(OTHER, kernel, task) : driverEvent(kernel, task, by);
  if (event !== undefined) return event;
  throw new Error(`a step of ${task.name} that this system does not know: ${task.pending!.name}`);
}

function driverEvent(kernel: Kernel, task: Task, by: string): Pending | null | undefined {
  const conversion = conversionEvent(kernel, task, { buf: 'A', by });
  if (conversion !== null) return conversion;
  const { name, args } = task.pending!;
  switch (name) {
    case 'dma_alloc_attrs_ret': {
      const result = args.result === 0 ? 'error' : addressKind(kernel, 0, args.dma as number);
      return { type: name, params: { by, result } };
    }
    case '__free_pages':
      return { type: 'free_pages', params: { buf: 'A', by } };
    case 'alloc_pages':
    case 'memset':
    case 'dma_free_attrs_ret':
      return { type: name, params: { by } };
    // The atomic pools are asked first, and own nothing of it. Before patch 12 force is asked after them: an
    // acceptance between is left to the exploration. The end of the guest is never taken.
    case 'dma_free_from_pool':
    case 'guest_over':
      return null;
    default:
      return isWalk(name) ? null : undefined;
  }
}

/** The pages are aligned, so that powerpc's only call has no reason to fail. */
function answers(task: Task, possible: readonly Answer[]): readonly Answer[] {
  return inside(task, 'uv_share_page') === undefined ? possible : ['ok'];
}

/** `A`: the pages that the driver was given last, until they are given back or left alone. */
function rename(names: Names, { type, params }: GlobalEvent, _kernel: Kernel, record: TraceRecord): Names {
  if (type === 'alloc_pages' && params.ok === true) return { ...names, A: record.result as number };
  const failed = /^set_memory_..crypted_ret$/.test(type) && params.ret === 'failed';
  return failed || type === 'free_pages' ? { ...names, A: null } : names;
}

/** A pool with one area and room for all, and pages enough for all that are left alone on a path. */
function machine(config: KernelConfig): KernelConfig {
  return {
    ...config,
    options: { ...config.options, restrictedPool: false, iommu: false, xen: false, coherent: true },
    sizes: {
      defaultAreas: 1,
      defaultPoolFull: false,
      normalZonePages: 32,
      ordinaryPages: 128,
      dmaZonePages: config.options.mask === 32 ? 128 : 0,
      highPool: true,
    },
  };
}

export const trustedBinding: Binding = {
  system: 'trusted',
  machine,
  noNames: { A: null },
  stimulus,
  stimuli,
  stimulusEvent,
  task: (actor) => TASKS[actor] ?? actor,
  actor: (task) => ACTORS.get(task) ?? null,
  pendingEvent,
  outcomes: { swiotlb_search_pool_area: ['found'] },
  answer: ({ params }): Answer => (params.ok === true ? 'ok' : 'fail'),
  answers,
  contradicts: (event, { result }) => searchContradicts(event, result),
  rename,
  projection,
};
