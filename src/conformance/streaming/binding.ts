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
import { addressKind, ELEMENT, elementOf, FITS, LARGE_PAGES, projection } from './projection.ts';

const TASKS: Readonly<Record<string, string>> = { driver: 'driver/0', other: 'driver/1' };
const ACTORS = new Map(Object.entries(TASKS).map(([actor, task]) => [task, actor]));
const numberOf = (by: unknown): number => (by === 'driver' ? 0 : 1);

const DIRECTIONS = ['TO_DEVICE', 'FROM_DEVICE', 'BIDIRECTIONAL'];
const ATTRS = ['none', 'CC_SHARED', 'MMIO', 'CC_SHARED|MMIO', 'REQUIRE_COHERENT', 'SKIP_CPU_SYNC'];
const SIZES = ['fits', 'too-large'];
const TOO_LARGE = LARGE_PAGES * PAGE_SIZE;

/** What is written next is like nothing that was written before: so it is seen where it is. */
function nextVersion({ state }: Kernel, driver: number): number {
  const { cpuVersion, deviceWrites } = state.drivers[driver]!;
  return 1 + Math.max(cpuVersion, ...deviceWrites.map(({ version }) => version));
}

const PROCESS = { context: 'process' } as const;
const bytesOf = (size: unknown): number => (size === 'fits' ? FITS : TOO_LARGE);

function stimulus({ type, params }: GlobalEvent, kernel: Kernel): Stimulus | null {
  const driver = numberOf(params.by);
  switch (type) {
    case 'dma_map_phys':
      return {
        name: 'map',
        args: {
          driver,
          ...PROCESS,
          boundary: 'wide',
          bytes: bytesOf(params.size),
          dir: params.dir!,
          attrs: params.attrs === 'none' ? '' : params.attrs!,
          version: nextVersion(kernel, driver),
          transferred: true,
        },
      };
    case 'dma_map_sg_attrs':
      return {
        name: 'map_sg',
        args: {
          driver,
          ...PROCESS,
          bytes: bytesOf(params.second),
          first: ELEMENT,
          version: nextVersion(kernel, driver),
        },
      };
    case 'dma_unmap_phys':
      return {
        name: 'unmap',
        args: {
          driver,
          ...PROCESS,
          ...(params.attrs === 'none' ? { sync: true } : { attrs: params.attrs! }),
        },
      };
    case 'dma_unmap_sg_attrs':
      return { name: 'unmap_sg', args: { driver, ...PROCESS } };
    case 'dma_sync_single_for_cpu':
    case 'dma_sync_single_for_device':
      return {
        name: 'sync',
        args: { driver, for: type.slice('dma_sync_single_for_'.length), ...PROCESS, keep: true },
      };
    case 'cpu_read':
      return { name: 'cpuRead', args: { driver } };
    case 'cpu_write':
      return { name: 'cpuWrite', args: { driver, version: nextVersion(kernel, driver) } };
    case 'device_read':
      return { name: 'deviceRead', args: partOf(params.map) };
    case 'device_write': {
      const part = partOf(params.map);
      return { name: 'deviceWrite', args: { ...part, version: nextVersion(kernel, part.driver) } };
    }
    default:
      return null;
  }
}

const partOf = (map: unknown) => (map === 'M' ? { driver: 0 } : { driver: 1, entry: map === 'S0' ? 0 : 1 });

/** Everything that drivers and devices of the system ever do. */
function stimuli(): Stimulus[] {
  const both = [0, 1].flatMap((driver): Stimulus[] => [
    { name: 'cpuRead', args: { driver } },
    { name: 'cpuWrite', args: { driver } },
  ]);
  const parts = [{ driver: 0 }, { driver: 1, entry: 0 }, { driver: 1, entry: 1 }];
  const maps = DIRECTIONS.flatMap((dir) =>
    ATTRS.flatMap((attrs) =>
      SIZES.map(
        (size): Stimulus => ({
          name: 'map',
          args: {
            driver: 0,
            ...PROCESS,
            boundary: 'wide',
            bytes: bytesOf(size),
            dir,
            attrs: attrs === 'none' ? '' : attrs,
          },
        }),
      ),
    ),
  );
  return [
    ...maps,
    ...SIZES.map(
      (size): Stimulus => ({
        name: 'map_sg',
        args: { driver: 1, ...PROCESS, bytes: bytesOf(size), first: ELEMENT },
      }),
    ),
    { name: 'unmap', args: { driver: 0, ...PROCESS, sync: true } },
    { name: 'unmap', args: { driver: 0, ...PROCESS, attrs: 'SKIP_CPU_SYNC' } },
    { name: 'unmap_sg', args: { driver: 1, ...PROCESS } },
    { name: 'sync', args: { driver: 0, for: 'cpu', ...PROCESS } },
    { name: 'sync', args: { driver: 0, for: 'device', ...PROCESS } },
    ...both,
    ...parts.flatMap((args): Stimulus[] => [
      { name: 'deviceRead', args },
      { name: 'deviceWrite', args },
    ]),
  ];
}
const STIMULI = stimuli();

function stimulusEvent(kernel: Kernel, { name, args }: Stimulus): Offer | null {
  const by = args.driver === 0 ? 'driver' : 'other';
  const size = args.bytes === FITS ? 'fits' : 'too-large';
  const offer = (type: string, params: Pending['params'] = {}): Offer => ({
    actor: by,
    event: offerText(type, params),
  });
  switch (name) {
    case 'map':
      return offer('dma_map_phys', {
        attrs: args.attrs === '' ? 'none' : args.attrs!,
        by,
        dir: args.dir!,
        size,
      });
    case 'map_sg':
      return offer('dma_map_sg_attrs', { by, second: size });
    case 'unmap': {
      // A driver that has taken its buffer back asks for no copy.
      if (args.sync === true && kernel.state.drivers[0]!.owner === 'cpu') return null;
      return offer('dma_unmap_phys', { attrs: args.sync === true ? 'none' : 'SKIP_CPU_SYNC', by });
    }
    case 'unmap_sg':
      return offer('dma_unmap_sg_attrs', { by });
    case 'sync':
      return offer(`dma_sync_single_for_${String(args.for)}`, { by });
    case 'cpuRead':
      return offer('cpu_read', { by });
    case 'cpuWrite':
      return offer('cpu_write', { by });
    case 'deviceRead':
    case 'deviceWrite': {
      const map = args.driver === 0 ? 'M' : `S${String(args.entry)}`;
      const type = name === 'deviceRead' ? 'device_read' : 'device_write';
      return { actor: 'device', event: offerText(type, { map }) };
    }
    default:
      return null;
  }
}

function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const { name, args } = task.pending!;
  const by = ACTORS.get(task.name)!;
  const frames = { map: inside(task, 'dma_map_sg_attrs'), unmap: inside(task, 'dma_unmap_sg_attrs') };
  const map = by === 'driver' ? 'M' : () => `S${elementOf(frames, name)}`;
  const which = () => (typeof map === 'string' ? map : map());
  switch (name) {
    case 'swiotlb_search_pool_area':
    case 'swiotlb_release_slots':
      return { type: name, params: { by, map: which() } };
    case 'swiotlb_bounce':
      return { type: name, params: { by, dir: args.dir!, map: which() } };
    case 'dma_map_phys_ret':
      return {
        type: name,
        params: {
          by,
          result: addressKind(kernel, kernel.state.drivers[numberOf(by)]!.device, args.result as number),
        },
      };
    case 'dma_map_sg_attrs_ret':
      return { type: name, params: { by, result: args.result === 0 ? 'error' : 'ok' } };
    case 'dma_sync_single_for_cpu_ret':
    case 'dma_sync_single_for_device_ret':
    case 'dma_unmap_phys_ret':
    case 'dma_unmap_sg_attrs_ret':
      return { type: name, params: { by } };
    // The walk of a list of pools that does not change, a flag that only rises, the entries of an IOMMU.
    case 'READ_ONCE':
    case 'WRITE_ONCE':
    case 'list_first_rcu':
    case 'list_next_rcu':
    case 'read_pool':
    case 'iommu_map':
    case 'iommu_unmap':
    case 'memset':
    case 'WARN':
      return null;
    default:
      throw new Error(`a step of ${task.name} that this system does not know: ${name}`);
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
  contradicts: ({ type, params }, { result }) =>
    type !== 'swiotlb_search_pool_area' || (result as number) >= 0 === params.found
      ? null
      : `a slot was ${params.found === true ? 'not ' : ''}found`,
  rename: (names) => names,
  projection,
};
