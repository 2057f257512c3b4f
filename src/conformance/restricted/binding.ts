/** `restricted` in the simulator's words: driver 0 allocates, driver 1 maps, each all that the pool has. */
import type { Answer, Kernel, KernelConfig, Stimulus, Task } from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import { type Binding, type Offer, offerText, type Pending } from '../binding.ts';
import { conversionEvent } from '../common/conversion.ts';
import { BEYOND_THE_BUS } from '../common/machine.ts';
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
import { ALL, projection } from './projection.ts';

const OTHER: Mapper = {
  driver: 1,
  by: 'other',
  map: 'B',
  directions: ['BIDIRECTIONAL'],
  attrs: ['none'],
  sizes: { fits: ALL },
};

const DRIVER = { driver: 0 } as const;
const allocation = (context: string): Stimulus => ({
  name: 'alloc',
  args: { ...DRIVER, fn: 'dma_alloc_attrs', context, bytes: ALL, attrs: '' },
});
const FREE: Stimulus = { name: 'free', args: { ...DRIVER, ...PROCESS } };
const DEVICE_WRITE: Stimulus = { name: 'deviceWrite', args: { ...DRIVER, which: 0 } };

function stimulus(event: GlobalEvent, kernel: Kernel): Stimulus | null {
  const { type, params } = event;
  switch (type) {
    case 'dma_alloc_attrs':
      return allocation(String(params.ctx));
    case 'dma_free_attrs':
      return FREE;
    default:
      if (type === 'device_write' && params.map === 'A') return DEVICE_WRITE;
      return mappingStimulus(OTHER, event, kernel);
  }
}

const OF_MAPPER = mappingStimuli(OTHER);
const WITHOUT = [allocation('process'), allocation('atomic'), ...OF_MAPPER];
const WITH = [FREE, DEVICE_WRITE, ...OF_MAPPER];

/** The driver has one allocation at a time; where there is no such pool, it asks for none. */
function stimuli(kernel: Kernel): readonly Stimulus[] {
  if (!kernel.config.option('restrictedPool')) return OF_MAPPER;
  return kernel.state.drivers[0]!.allocations.length === 0 ? WITHOUT : WITH;
}

function stimulusEvent(kernel: Kernel, stimulus: Stimulus): Offer | null {
  const { name, args } = stimulus;
  const by = 'driver';
  switch (name) {
    case 'alloc':
      return { actor: by, event: offerText('dma_alloc_attrs', { by, ctx: args.context! }) };
    case 'free':
      return { actor: by, event: offerText('dma_free_attrs', { by }) };
    default:
      if (args.which === 0) return { actor: 'device', event: offerText('device_write', { map: 'A' }) };
      return mappingOffer(OTHER, kernel, stimulus);
  }
}

function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const by = ACTORS.get(task.name)!;
  const event = by === 'other' ? mappingEvent(OTHER, kernel, task) : driverEvent(kernel, task, by);
  if (event !== undefined) return event;
  throw new Error(`a step of ${task.name} that this system does not know: ${task.pending!.name}`);
}

function driverEvent(kernel: Kernel, task: Task, by: string): Pending | null | undefined {
  const conversion = conversionEvent(kernel, task, { buf: 'P', by });
  if (conversion !== null) return conversion;
  const { name, args } = task.pending!;
  switch (name) {
    case 'swiotlb_search_pool_area':
    case 'swiotlb_release_slots':
      return { type: name, params: { by, map: 'A' } };
    case 'dma_alloc_attrs_ret': {
      const result = args.result === 0 ? 'error' : addressKind(kernel, 0, args.dma as number);
      return { type: name, params: { by, result } };
    }
    case 'memset':
    case 'dma_free_attrs_ret':
      return { type: name, params: { by } };
    // The atomic pools are asked first, and own nothing of it.
    case 'dma_free_from_pool':
      return null;
    default:
      return isWalk(name) ? null : undefined;
  }
}

/** A pool with room for one; where there can be none, a machine whose device gets no mapping at all. */
function machine(config: KernelConfig): KernelConfig {
  const isArm64 = config.platform.family === 'arm64';
  const device = { iommu: false, xen: false, coherent: true };
  return isArm64
    ? {
        ...config,
        options: { ...config.options, ...device, swiotlb: 'default', restrictedPool: true },
        sizes: { defaultAreas: 1, bufferPages: ALL / 4096, ordinaryPages: 128 },
      }
    : {
        ...config,
        options: { ...config.options, ...device, swiotlb: 'noforce', restrictedPool: false },
        sizes: { defaultAreas: 1, bufferPages: ALL / 4096, ordinaryPages: 128, ...BEYOND_THE_BUS },
      };
}

export const restrictedBinding: Binding = {
  system: 'restricted',
  machine,
  noNames: {},
  stimulus,
  stimuli,
  stimulusEvent,
  task: (actor) => TASKS[actor] ?? actor,
  actor: (task) => ACTORS.get(task) ?? null,
  pendingEvent,
  outcomes: { swiotlb_search_pool_area: ['found'] },
  answer: ({ params }): Answer => (params.ok === true ? 'ok' : 'fail'),
  contradicts: (event, { result }) => searchContradicts(event, result),
  rename: (names) => names,
  projection,
};
