/**
 * One buffer of a driver that is mapped again and again, in the simulator's words: the events of the machines
 * `map-request` and `streaming-mapping`. The state that they are in is in `mapping-state.ts`.
 */
import type { Kernel, Stimulus, Task } from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import { type Offer, offerText, type Pending } from '../binding.ts';
import { addressKind } from './mapping-state.ts';

/** Who maps what, and what it asks for. */
export interface Mapper {
  readonly driver: 0 | 1;
  /** The actor, and how the system calls the buffer. */
  readonly by: string;
  readonly map: string;
  readonly directions: readonly string[];
  readonly attrs: readonly string[];
  /** Bytes that are mapped, by class of size. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** The task of each of the two drivers that a system has, and back. */
export const TASKS: Readonly<Record<string, string>> = { driver: 'driver/0', other: 'driver/1' };
export const ACTORS = new Map(Object.entries(TASKS).map(([actor, task]) => [task, actor]));

/** What is written next is like nothing that was written before: so it is seen where it is. */
export function nextVersion({ state }: Kernel, driver: number): number {
  const { cpuVersion, deviceWrites } = state.drivers[driver]!;
  return 1 + Math.max(cpuVersion, ...deviceWrites.map(({ version }) => version));
}

export const PROCESS = { context: 'process' } as const;
const given = (attrs: unknown): string => (attrs === 'none' ? '' : String(attrs));

/** The stimulus that an event of the mapper or its device stands for; null: it is another's, or none. */
export function mappingStimulus(mapper: Mapper, event: GlobalEvent, kernel: Kernel): Stimulus | null {
  const { type, params } = event;
  const { driver } = mapper;
  const version = () => nextVersion(kernel, driver);
  if (type === 'device_read' || type === 'device_write') {
    if (params.map !== mapper.map) return null;
    return type === 'device_read'
      ? { name: 'deviceRead', args: { driver } }
      : { name: 'deviceWrite', args: { driver, version: version() } };
  }
  if (params.by !== mapper.by) return null;
  switch (type) {
    case 'dma_map_phys': {
      const args = mapArgs(mapper, String(params.dir), String(params.attrs), String(params.size));
      return { name: 'map', args: { ...args, version: version(), transferred: true } };
    }
    case 'dma_unmap_phys':
      return params.attrs === 'none'
        ? { name: 'unmap', args: { driver, ...PROCESS, sync: true } }
        : { name: 'unmap', args: { driver, ...PROCESS, attrs: params.attrs! } };
    case 'dma_sync_single_for_cpu':
    case 'dma_sync_single_for_device':
      return {
        name: 'sync',
        args: { driver, for: type.slice('dma_sync_single_for_'.length), ...PROCESS, keep: true },
      };
    case 'cpu_read':
      return { name: 'cpuRead', args: { driver } };
    case 'cpu_write':
      return { name: 'cpuWrite', args: { driver, version: version() } };
    default:
      return null;
  }
}

function mapArgs({ driver, sizes }: Mapper, dir: string, attrs: string, size: string) {
  return { driver, ...PROCESS, boundary: 'wide', bytes: sizes[size]!, dir, attrs: given(attrs) };
}

/** Everything that the mapper and its device ever do. */
export function mappingStimuli(mapper: Mapper): Stimulus[] {
  const { driver } = mapper;
  const maps = mapper.directions.flatMap((dir) =>
    mapper.attrs.flatMap((attrs) =>
      Object.keys(mapper.sizes).map(
        (size): Stimulus => ({ name: 'map', args: mapArgs(mapper, dir, attrs, size) }),
      ),
    ),
  );
  return [
    ...maps,
    { name: 'unmap', args: { driver, ...PROCESS, sync: true } },
    { name: 'unmap', args: { driver, ...PROCESS, attrs: 'SKIP_CPU_SYNC' } },
    { name: 'sync', args: { driver, for: 'cpu', ...PROCESS } },
    { name: 'sync', args: { driver, for: 'device', ...PROCESS } },
    { name: 'cpuRead', args: { driver } },
    { name: 'cpuWrite', args: { driver } },
    { name: 'deviceRead', args: { driver } },
    { name: 'deviceWrite', args: { driver } },
  ];
}

/**
 * The event of one of {@link mappingStimuli}; null where a driver has no reason for it, or it is another's.
 *
 * @param asked what the system says of a request besides, known when it is made
 */
export function mappingOffer(
  mapper: Mapper,
  kernel: Kernel,
  { name, args }: Stimulus,
  asked: Pending['params'] = {},
): Offer | null {
  const { by, map } = mapper;
  if (args.driver !== mapper.driver) return null;
  const offer = (type: string, params: Pending['params'] = {}): Offer => ({
    actor: by,
    event: offerText(type, params),
  });
  switch (name) {
    case 'map': {
      const size = Object.keys(mapper.sizes).find((one) => mapper.sizes[one] === args.bytes)!;
      const attrs = args.attrs === '' ? 'none' : args.attrs!;
      return offer('dma_map_phys', sorted({ attrs, by, dir: args.dir!, size, ...asked }));
    }
    case 'unmap':
      // A driver that has taken its buffer back asks for no copy.
      if (args.sync === true && kernel.state.drivers[mapper.driver]!.owner === 'cpu') return null;
      return offer('dma_unmap_phys', { attrs: args.sync === true ? 'none' : 'SKIP_CPU_SYNC', by });
    case 'sync':
      return offer(`dma_sync_single_for_${String(args.for)}`, { by });
    case 'cpuRead':
      return offer('cpu_read', { by });
    case 'cpuWrite':
      return offer('cpu_write', { by });
    case 'deviceRead':
      return { actor: 'device', event: offerText('device_read', { map }) };
    case 'deviceWrite':
      return { actor: 'device', event: offerText('device_write', { map }) };
    default:
      return null;
  }
}

const sorted = (params: Pending['params']): Pending['params'] =>
  Object.fromEntries(Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1)));

/** The event of the mapper's next step; null: it is hidden, undefined: no mapping takes such a step. */
export function mappingEvent(
  { driver, by, map }: Mapper,
  kernel: Kernel,
  task: Task,
): Pending | null | undefined {
  const { name, args } = task.pending!;
  switch (name) {
    case 'swiotlb_search_pool_area':
    case 'swiotlb_release_slots':
      return { type: name, params: { by, map } };
    case 'swiotlb_bounce':
      return { type: name, params: { by, dir: args.dir!, map } };
    case 'dma_map_phys_ret': {
      const { device } = kernel.state.drivers[driver]!;
      return { type: name, params: { by, result: addressKind(kernel, device, args.result as number) } };
    }
    case 'dma_sync_single_for_cpu_ret':
    case 'dma_sync_single_for_device_ret':
    case 'dma_unmap_phys_ret':
      return { type: name, params: { by } };
    default:
      return isWalk(name) ? null : undefined;
  }
}

/** The walk of a list of pools that does not change, and a flag that only rises. */
export function isWalk(step: string): boolean {
  return WALK.has(step);
}
const WALK: ReadonlySet<string> = new Set([
  'READ_ONCE',
  'WRITE_ONCE',
  'list_first_rcu',
  'list_next_rcu',
  'read_pool',
]);

/** How the result of a search contradicts its event, or null. */
export function searchContradicts({ type, params }: GlobalEvent, result: unknown): string | null {
  return type !== 'swiotlb_search_pool_area' || (result as number) >= 0 === params.found
    ? null
    : `a slot was ${params.found === true ? 'not ' : ''}found`;
}
