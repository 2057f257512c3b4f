/** A task that maps one buffer, and the copy of that buffer, as instances: what systems with streaming mappings share. */
import { localEvents } from '../../src/lts/compile.ts';
import type {
  EventPattern,
  GlobalEvent,
  InstanceDef,
  LocalEvent,
  MachineSpec,
  Params,
} from '../../src/lts/types.ts';
import { alive } from './alive.ts';
import type { MapAnswer } from './map-answers.ts';
import { only, own, within } from './sync.ts';

/** An event as a task names it. */
export interface Step {
  readonly type: string;
  readonly params: Params;
}

interface Mapper {
  readonly name: string;
  /** Who acts, and how its buffer is called. */
  readonly by: string;
  readonly map: string;
  /** A built `streaming-mapping`. */
  readonly spec: MachineSpec;
  /** What it may ask for, without the direction, and what becomes of it. */
  readonly requests: readonly Params[];
  readonly directions: readonly string[];
  readonly answerTo: (request: Params) => MapAnswer;
  /** The pool may be full. */
  readonly mayBeFull: boolean;
}

/** Events by which a task and its buffer meet. */
const AT_BUFFER = ['swiotlb_search_pool_area', 'swiotlb_bounce', 'swiotlb_release_slots'];
const OF_DEVICE = ['device_read', 'device_write'];

/** The instance; its requests stand for those of a `map-request` that the decision answers so. */
export function mapper({
  name,
  by,
  map,
  spec: given,
  requests,
  directions,
  answerTo,
  mayBeFull,
}: Mapper): InstanceDef {
  const answers = requests.map(answerTo);
  const spec = within(given, {
    dir: directions,
    place: answers.map(({ place }) => place),
    result: [...answers.map(({ result }) => result), 'error'],
    found: mayBeFull ? [true, false] : [true],
  });
  const decided = (local: Params, asked: Params) => {
    const { place, result } = answerTo(asked);
    return place === local.place && result === local.result;
  };
  const can = canHappen(spec, ({ type, params }) => {
    if (type === 'swiotlb_search_pool_area') return mayBeFull || params.found === true;
    if (type !== 'dma_map_phys') return true;
    return directions.includes(String(params.dir)) && requests.some((one) => decided(params, one));
  });
  const all = (types: readonly string[], add: Readonly<Record<string, string>>) =>
    Object.fromEntries(types.map((type) => [type, own(add, can)]));
  return {
    name,
    spec,
    sync: {
      ...all(Object.keys(spec.alphabet), { by }),
      ...all(AT_BUFFER, { by, map }),
      ...all(OF_DEVICE, { map }),
      dma_map_phys: (local: LocalEvent) =>
        can(local)
          ? ({ type, params }: GlobalEvent) =>
              type === 'dma_map_phys' &&
              params.by === by &&
              params.dir === local.params.dir &&
              decided(local.params, params)
          : null,
    },
  };
}

/** Whether a local event can ever happen, given which are offered. */
export function canHappen(spec: MachineSpec, offered: (event: LocalEvent) => boolean) {
  const labels = new Set(alive(spec, offered).map(({ label }) => label));
  return ({ label }: Pick<LocalEvent, 'label'>) => labels.has(label);
}

/** The events that a task names in full. */
export function stepsOf({ spec, sync = {} }: InstanceDef): Step[] {
  return localEvents(spec.name, spec.alphabet).flatMap((event) => {
    const refer = sync[event.type];
    const pattern = typeof refer === 'function' ? (refer as (event: LocalEvent) => unknown)(event) : refer;
    if (pattern === null || typeof pattern !== 'object') return [];
    const { type, ...params } = pattern as EventPattern;
    return [{ type, params }];
  });
}

/** A local event stands for those of some steps that are like it; null, never, where there is none. */
export function when(steps: readonly Step[]) {
  return (like: (step: Step) => boolean) => (steps.some(like) ? (event: GlobalEvent) => like(event) : null);
}

/**
 * The copy of a buffer.
 * @param spec a built `bounce-copy`
 * @param steps what the tasks do
 */
export function copyOf(map: string, by: string, spec: MachineSpec, steps: readonly Step[]): InstanceDef {
  const like = when(steps);
  const slot = (type: string, params: Params = {}) =>
    like((step) => step.type === type && step.params.map === map && agree(step.params, params));
  const cpu = (type: string) => like((step) => step.type === type && step.params.by === by);
  return {
    name: `copy[${map}]`,
    spec,
    sync: only(spec, {
      cpu_read: cpu('cpu_read'),
      cpu_write: cpu('cpu_write'),
      device_read: slot('device_read'),
      device_write: slot('device_write'),
      taken: slot('swiotlb_search_pool_area', { found: true }),
      copy_in: slot('swiotlb_bounce', { dir: 'in' }),
      copy_out: slot('swiotlb_bounce', { dir: 'out' }),
      given_up: like(
        ({ type, params }) =>
          type === 'dma_unmap_phys' && params.by === by && params.attrs === 'SKIP_CPU_SYNC',
      ),
      released: slot('swiotlb_release_slots'),
    }),
  };
}

const agree = (params: Params, wanted: Params): boolean =>
  Object.entries(wanted).every(([name, value]) => params[name] === value);
