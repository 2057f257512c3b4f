/**
 * Streaming mappings through a pool that lasts, on two CPUs.
 *
 * `driver` on CPU 0 maps one buffer (M), with every direction and attribute, hands it to and fro by sync calls, and
 * unmaps it. `other` on CPU 1 maps a list of two buffers (S0, S1), of which the second may be too large. The pool
 * has room for all three. What is decided for a request is the answer of `map-decision.ts`.
 */
import type { GlobalEvent, InstanceDef, LocalEvent, NetworkDef } from '../../src/lts/types.ts';
import { bounceCopy } from '../bounce-copy.ts';
import { build } from '../build.ts';
import type { SystemFacts } from '../facts.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { mapRequest } from '../map-request.ts';
import { poolArea } from '../pool-area.ts';
import { DIRECTIONS } from '../streaming-mapping.alphabet.ts';
import { streamingMapping } from '../streaming-mapping.ts';
import { streamingSg } from '../streaming-sg.ts';
import { canHappen, copyOf, mapper, stepsOf, when } from './mapper.ts';
import { OWNER, requests, SIZES, streamingSetting } from './streaming-setting.ts';
import { only, own } from './sync.ts';

export const STREAMING_FILES: readonly MachineFile[] = [
  mapRequest,
  streamingMapping,
  streamingSg,
  bounceCopy,
  poolArea,
];

export function streaming(
  patches: ReadonlySet<number>,
  facts: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const make = (file: MachineFile) => build(replace(file), patches, facts);
  const { answerTo, listAnswer, slotted } = streamingSetting(patches, facts, replace);

  const request = (by: 'driver' | 'other'): InstanceDef => {
    const spec = make(mapRequest);
    const type = by === 'driver' ? 'dma_map_phys' : 'dma_map_sg_attrs';
    return {
      name: `request[${by}]`,
      spec,
      sync: only(spec, { [type]: own({ by }), answered: { type: `${type}_ret`, by } }),
    };
  };

  const driver = mapper({
    name: 'driver',
    by: 'driver',
    map: 'M',
    spec: make(streamingMapping),
    requests: requests(),
    directions: DIRECTIONS,
    answerTo,
    mayBeFull: false,
  });

  const other = (): InstanceDef => {
    const spec = make(streamingSg);
    const decided = (local: LocalEvent, second: string) => {
      const goes = listAnswer(second);
      return goes.first === local.params.first && goes.second === local.params.second;
    };
    const can = canHappen(
      spec,
      (event) => event.type !== 'dma_map_sg_attrs' || SIZES.some((size) => decided(event, size)),
    );
    return {
      name: 'other',
      spec,
      sync: {
        ...Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, own({ by: 'other' }, can)])),
        device_read: own({}, can),
        device_write: own({}, can),
        dma_map_sg_attrs: (local: LocalEvent) =>
          can(local)
            ? ({ type, params }: GlobalEvent) =>
                type === 'dma_map_sg_attrs' && decided(local, String(params.second))
            : null,
      },
    };
  };

  const tasks = [driver, other()];
  const steps = tasks.flatMap(stepsOf);

  const area = (): InstanceDef => {
    const spec = make(poolArea);
    const any = (is: string) => when(steps)(({ type }) => type === is);
    return {
      name: 'area',
      spec,
      sync: only(spec, { taken: any('swiotlb_search_pool_area'), released: any('swiotlb_release_slots') }),
    };
  };

  return {
    name: 'streaming',
    instances: [
      request('driver'),
      request('other'),
      ...tasks,
      ...slotted.map((map) => copyOf(map, OWNER[map], make(bounceCopy), steps)),
      ...(slotted.length > 0 ? [area()] : []),
    ],
  };
}
