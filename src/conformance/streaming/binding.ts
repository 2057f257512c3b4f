/** `streaming` in the simulator's words: driver 0 with one buffer, driver 1 with a list of two. */
import {
  type Answer,
  type Kernel,
  type KernelConfig,
  PAGE_SIZE,
  type Stimulus,
  type Task,
} from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import type { Binding, Offer, Pending } from '../binding.ts';
import { offerText } from '../binding.ts';
import { inside } from '../common/frames.ts';
import {
  ACTORS,
  isWalk,
  type Mapper,
  mappingEvent,
  mappingOffer,
  mappingStimuli,
  mappingStimulus,
  nextVersion,
  PROCESS,
  searchContradicts,
  TASKS,
} from '../common/mapping.ts';
import { ELEMENT, elementOf, FITS, LARGE_PAGES, projection } from './projection.ts';

const SIZES: Readonly<Record<string, number>> = { fits: FITS, 'too-large': LARGE_PAGES * PAGE_SIZE };

const DRIVER: Mapper = {
  driver: 0,
  by: 'driver',
  map: 'M',
  directions: ['TO_DEVICE', 'FROM_DEVICE', 'BIDIRECTIONAL'],
  attrs: ['none', 'CC_SHARED', 'MMIO', 'CC_SHARED|MMIO', 'REQUIRE_COHERENT', 'SKIP_CPU_SYNC'],
  sizes: SIZES,
};
const OTHER = { driver: 1 } as const;

function stimulus(event: GlobalEvent, kernel: Kernel): Stimulus | null {
  const { type, params } = event;
  const mapped = mappingStimulus(DRIVER, event, kernel);
  if (mapped !== null) return mapped;
  switch (type) {
    case 'dma_map_sg_attrs':
      return { name: 'map_sg', args: { ...listArgs(params.second), version: nextVersion(kernel, 1) } };
    case 'dma_unmap_sg_attrs':
      return { name: 'unmap_sg', args: { ...OTHER, ...PROCESS } };
    case 'cpu_read':
      return { name: 'cpuRead', args: OTHER };
    case 'cpu_write':
      return { name: 'cpuWrite', args: { ...OTHER, version: nextVersion(kernel, 1) } };
    case 'device_read':
      return { name: 'deviceRead', args: elementArgs(params.map) };
    case 'device_write':
      return {
        name: 'deviceWrite',
        args: { ...elementArgs(params.map), version: nextVersion(kernel, 1) },
      };
    default:
      return null;
  }
}

const elementArgs = (map: unknown) => ({ ...OTHER, entry: map === 'S0' ? 0 : 1 });
const listArgs = (second: unknown) => ({
  ...OTHER,
  ...PROCESS,
  bytes: SIZES[String(second)]!,
  first: ELEMENT,
});

/** Everything that drivers and devices of the system ever do. */
const STIMULI: readonly Stimulus[] = [
  ...mappingStimuli(DRIVER),
  ...Object.keys(SIZES).map((size): Stimulus => ({ name: 'map_sg', args: listArgs(size) })),
  { name: 'unmap_sg', args: { ...OTHER, ...PROCESS } },
  { name: 'cpuRead', args: OTHER },
  { name: 'cpuWrite', args: OTHER },
  ...['S0', 'S1'].flatMap((map): Stimulus[] => [
    { name: 'deviceRead', args: elementArgs(map) },
    { name: 'deviceWrite', args: elementArgs(map) },
  ]),
];

function stimulusEvent(kernel: Kernel, stimulus: Stimulus): Offer | null {
  const { name, args } = stimulus;
  if (args.driver === 0) return mappingOffer(DRIVER, kernel, stimulus);
  const by = 'other';
  switch (name) {
    case 'map_sg': {
      const second = args.bytes === FITS ? 'fits' : 'too-large';
      return { actor: by, event: offerText('dma_map_sg_attrs', { by, second }) };
    }
    case 'unmap_sg':
      return { actor: by, event: offerText('dma_unmap_sg_attrs', { by }) };
    case 'cpuRead':
      return { actor: by, event: offerText('cpu_read', { by }) };
    case 'cpuWrite':
      return { actor: by, event: offerText('cpu_write', { by }) };
    case 'deviceRead':
    case 'deviceWrite': {
      const type = name === 'deviceRead' ? 'device_read' : 'device_write';
      return { actor: 'device', event: offerText(type, { map: `S${String(args.entry)}` }) };
    }
    default:
      return null;
  }
}

function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const { name, args } = task.pending!;
  const by = ACTORS.get(task.name)!;
  const event = by === 'driver' ? mappingEvent(DRIVER, kernel, task) : listEvent(task, by);
  if (event !== undefined) return event;
  switch (name) {
    case 'dma_map_sg_attrs_ret':
      return { type: name, params: { by, result: args.result === 0 ? 'error' : 'ok' } };
    case 'dma_unmap_sg_attrs_ret':
      return { type: name, params: { by } };
    // The entries of an IOMMU.
    case 'iommu_map':
    case 'iommu_unmap':
    case 'memset':
    case 'WARN':
      return null;
    default:
      throw new Error(`a step of ${task.name} that this system does not know: ${name}`);
  }
}

/** A step for one element of the list; null: it is hidden, undefined: it is for none. */
function listEvent(task: Task, by: string): Pending | null | undefined {
  const { name, args } = task.pending!;
  const frames = { map: inside(task, 'dma_map_sg_attrs'), unmap: inside(task, 'dma_unmap_sg_attrs') };
  const map = () => `S${elementOf(frames, name)}`;
  switch (name) {
    case 'swiotlb_search_pool_area':
    case 'swiotlb_release_slots':
      return { type: name, params: { by, map: map() } };
    case 'swiotlb_bounce':
      return { type: name, params: { by, dir: args.dir!, map: map() } };
    default:
      return isWalk(name) ? null : undefined;
  }
}

/** A pool with one area and room for all, whatever is asked: buffers larger than a pool takes, memory above 4 GiB. */
function machine(config: KernelConfig): KernelConfig {
  return {
    ...config,
    sizes: {
      defaultAreas: 1,
      defaultPoolFull: false,
      bufferPages: LARGE_PAGES,
      normalZonePages: 128,
      ordinaryPages: 128,
      highPool: true,
    },
  };
}

export const streamingBinding: Binding = {
  system: 'streaming',
  machine,
  noNames: {},
  stimulus,
  stimuli: () => STIMULI,
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
