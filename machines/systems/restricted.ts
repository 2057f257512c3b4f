/**
 * A restricted pool with room for one: `driver` on CPU 0 allocates coherent memory from it and frees it, `other` on
 * CPU 1 maps a buffer through it (B) and unmaps it. The pool (P) is two page ranges, converted when the device came.
 *
 * The device has such a pool here whatever the options say, and is mapped directly. Where there is no device tree
 * there is no such pool: then no request is made but one that is refused.
 */
import type { InstanceDef, LocalEvent, NetworkDef } from '../../src/lts/types.ts';
import { editMachine } from '../../src/lts/variant.ts';
import { bounceCopy } from '../bounce-copy.ts';
import { build } from '../build.ts';
import { conversion } from '../conversion.ts';
import { factsWith, type SystemFacts } from '../facts.ts';
import { guest } from '../guest.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { mapRequest } from '../map-request.ts';
import { memoryRange } from '../memory-range.ts';
import { poolRoom } from '../pool-room.ts';
import { restrictedAlloc } from '../restricted-alloc.ts';
import { streamingMapping } from '../streaming-mapping.ts';
import { guestInstance } from './guest.ts';
import { mapAnswers } from './map-answers.ts';
import { canHappen, copyOf, mapper, stepsOf, when } from './mapper.ts';
import { only, own } from './sync.ts';
import { conversionOf, rangesOf, returnsOf } from './task-conversion.ts';

/** A range that is shared already can be converted to shared again, which changes nothing. */
const poolRange: MachineFile = {
  ...memoryRange,
  machine: editMachine(memoryRange.machine, [
    { state: 'shared', event: 'decrypt_range', to: 'shared' },
    { state: 'shared', event: 'decrypt_end', to: 'shared' },
  ]),
};

export const RESTRICTED_FILES: readonly MachineFile[] = [
  restrictedAlloc,
  mapRequest,
  streamingMapping,
  bounceCopy,
  poolRoom,
  conversion,
  poolRange,
  guest,
];

/** The facts, with the pool. */
export function withPool(facts: SystemFacts): SystemFacts {
  return { ...facts, restricted: true, iommu: false, xen: false, coherent: true };
}

/** Whether anything is converted: memory of the pool, taken for pages, of a forced device. */
export function converts(patches: ReadonlySet<number>, facts: SystemFacts): boolean {
  return !patches.has(3) && factsWith(patches, facts).forced;
}

/** Directions in which the buffer is mapped here; what a direction changes is shown in `streaming`. */
const DIRECTIONS = ['BIDIRECTIONAL'];
const REQUEST = { attrs: 'none', size: 'fits' };

export function restricted(
  patches: ReadonlySet<number>,
  given: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const facts = withPool(given);
  const make = (file: MachineFile) => build(replace(file), patches, facts);
  const answer = mapAnswers(patches, facts, replace);

  const other = mapper({
    name: 'other',
    by: 'other',
    map: 'B',
    spec: make(streamingMapping),
    requests: [REQUEST],
    directions: DIRECTIONS,
    answerTo: ({ attrs, size }) =>
      facts.arm64
        ? answer({ attrs: String(attrs), size: String(size) })
        : { place: 'refused', result: 'error' },
    mayBeFull: true,
  });

  const request = (): InstanceDef => {
    const spec = make(mapRequest);
    const wanted = ({ params }: LocalEvent) =>
      params.attrs === REQUEST.attrs &&
      params.size === REQUEST.size &&
      DIRECTIONS.includes(String(params.dir));
    return {
      name: 'request',
      spec,
      sync: only(spec, {
        dma_map_phys: own({ by: 'other' }, wanted),
        answered: { type: 'dma_map_phys_ret', by: 'other' },
      }),
    };
  };
  if (!facts.arm64) return { name: 'restricted', instances: [other, request()] };

  const driver = (): InstanceDef => {
    const spec = make(restrictedAlloc);
    // What a conversion answers is for the conversion to say; here it may be anything that it can.
    const answers = returnsOf(make(conversion));
    const can = canHappen(
      spec,
      ({ type, params }) => !('ret' in params) || answers.has(`${type} ${params.ret}`),
    );
    const at = (type: string) => (/^set_memory/.test(type) ? { by: 'driver', buf: 'P' } : { by: 'driver' });
    return {
      name: 'driver',
      spec,
      sync: {
        ...Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, own(at(type), can)])),
        swiotlb_search_pool_area: own({ by: 'driver', map: 'A' }, can),
        swiotlb_release_slots: own({ by: 'driver', map: 'A' }, can),
        device_write: own({ map: 'A' }, can),
      },
    };
  };

  const tasks = [driver(), other];
  const conversions = conversionOf('P', make(conversion), tasks.flatMap(stepsOf));
  const steps = [...tasks, ...conversions].flatMap(stepsOf);
  const like = when(steps);
  const is = (type: string, params: Readonly<Record<string, unknown>>) =>
    like(
      (step) =>
        step.type === type && Object.entries(params).every(([name, value]) => step.params[name] === value),
    );

  const room = (): InstanceDef => {
    const spec = make(poolRoom);
    const search = (by: string) => is('swiotlb_search_pool_area', { by, found: true });
    return {
      name: 'pool',
      spec,
      sync: only(spec, {
        taken_by_driver: search('driver'),
        taken_by_other: search('other'),
        missed: is('swiotlb_search_pool_area', { found: false }),
        released_by_driver: is('swiotlb_release_slots', { by: 'driver' }),
        released_by_other: is('swiotlb_release_slots', { by: 'other' }),
        leaked: like(({ type, params }) => /^set_memory_.*_ret$/.test(type) && params.ret === 'failed'),
      }),
    };
  };

  const { sharedPools, convertible } = factsWith(patches, facts);
  const initial = sharedPools && convertible ? 'shared' : 'private';

  return {
    name: 'restricted',
    instances: [
      ...tasks,
      request(),
      ...(steps.some(({ type }) => type === 'swiotlb_bounce')
        ? [copyOf('B', 'other', make(bounceCopy), steps)]
        : []),
      room(),
      ...conversions,
      ...rangesOf('P', initial, make(poolRange), steps),
      ...(converts(patches, facts) ? guestInstance(facts, make(guest)) : []),
    ],
  };
}
