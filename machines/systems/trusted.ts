/**
 * A device that is accepted while it holds memory. `driver` on CPU 0 allocates coherent memory (A, two page ranges)
 * and frees it, `other` on CPU 1 maps a buffer (B), hands it to and fro, and unmaps it. Acceptance may come between
 * any two steps, also within an allocation; from then on the device is not forced, and its pool is still the one
 * that it had.
 *
 * The device is mapped directly, is coherent and has no restricted pool. A device that the platform does not confine
 * is trusted from the beginning.
 */
import type { InstanceDef, LocalEvent, NetworkDef, Params } from '../../src/lts/types.ts';
import { bounceCopy } from '../bounce-copy.ts';
import { build } from '../build.ts';
import { conversion } from '../conversion.ts';
import { deviceTrust } from '../device-trust.ts';
import { factsWith, type SystemFacts } from '../facts.ts';
import { guest } from '../guest.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { mapRequest } from '../map-request.ts';
import { memoryRange } from '../memory-range.ts';
import { streamingMapping } from '../streaming-mapping.ts';
import { trustedAlloc } from '../trusted-alloc.ts';
import { guestInstance } from './guest.ts';
import { mapAnswers } from './map-answers.ts';
import { canHappen, copyOf, mapper, type Step, stepsOf } from './mapper.ts';
import { only, own } from './sync.ts';
import { conversionOf, rangesOf, returnsOf } from './task-conversion.ts';

export const TRUSTED_FILES: readonly MachineFile[] = [
  deviceTrust,
  trustedAlloc,
  mapRequest,
  streamingMapping,
  bounceCopy,
  conversion,
  memoryRange,
  guest,
];

/** The facts of the device before it is accepted. */
export function before(facts: SystemFacts): SystemFacts {
  return { ...facts, restricted: false, iommu: false, xen: false, coherent: true };
}

/** The same, afterwards: what the device is has changed, nothing else. */
export function after(facts: SystemFacts): SystemFacts {
  return { ...before(facts), forcedFrom: null, confined: false, trusted: true };
}

/** An SME host has no devices that could be accepted, though its kernel forces some. */
export function canBeAccepted({ confined, forceFollowsMask }: SystemFacts): boolean {
  return confined && !forceFollowsMask;
}

export type Trust = 'untrusted' | 'trusted';

/** What becomes of a mapping, by what the device is when it is asked for. */
export function trustAnswers(patches: ReadonlySet<number>, facts: SystemFacts, replace?: Replace) {
  const answers = {
    untrusted: mapAnswers(patches, before(facts), replace),
    trusted: mapAnswers(patches, after(facts), replace),
  };
  return ({ attrs, size, device }: Params) =>
    answers[device as Trust]({ attrs: String(attrs), size: String(size) });
}

/** The mappings that are asked for, and what the device is then. */
export function trustRequests(facts: SystemFacts): Params[] {
  const devices: readonly Trust[] = canBeAccepted(facts)
    ? ['untrusted', 'trusted']
    : facts.trusted
      ? ['trusted']
      : ['untrusted'];
  return ['none', 'CC_SHARED'].flatMap((attrs) => devices.map((device) => ({ attrs, size: 'fits', device })));
}

const DIRECTIONS = ['BIDIRECTIONAL'];

export function trusted(
  patches: ReadonlySet<number>,
  facts: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const given = before(facts);
  const make = (file: MachineFile) => build(replace(file), patches, given);
  const accepts = canBeAccepted(facts);
  const forcing = factsWith(patches, given).forced;
  const requests = trustRequests(facts);

  const driver = (): InstanceDef => {
    const spec = make(trustedAlloc);
    const answers = returnsOf(make(conversion));
    const can = canHappen(spec, ({ type, params }) => {
      if (type === 'accept') return accepts;
      return !('ret' in params) || answers.has(`${type} ${params.ret}`);
    });
    const at = (type: string) =>
      /^set_memory|^free_pages/.test(type) ? { by: 'driver', buf: 'A' } : { by: 'driver' };
    return {
      name: 'driver',
      spec,
      sync: {
        ...Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, own(at(type), can)])),
        accept: own({}, can),
        device_read: own({ map: 'A' }, can),
        device_write: own({ map: 'A' }, can),
      },
    };
  };

  const other = mapper({
    name: 'other',
    by: 'other',
    map: 'B',
    spec: make(streamingMapping),
    requests,
    directions: DIRECTIONS,
    answerTo: trustAnswers(patches, facts, replace),
    mayBeFull: false,
  });

  const request = (): InstanceDef => {
    const spec = make(mapRequest);
    const asked = ({ params, type }: LocalEvent) => {
      if (!DIRECTIONS.includes(String(params.dir))) return null;
      const same = requests.filter(({ attrs, size }) => attrs === params.attrs && size === params.size);
      return same.length === 0
        ? null
        : same.map(({ device }) => ({ ...params, by: 'other', device: device!, type }));
    };
    return {
      name: 'request',
      spec,
      sync: only(spec, { dma_map_phys: asked, answered: { type: 'dma_map_phys_ret', by: 'other' } }),
    };
  };

  const device = (): InstanceDef => {
    const spec = make(deviceTrust);
    return {
      name: 'device',
      spec,
      sync: only(spec, {
        accept: own({}),
        asked_untrusted: { type: 'dma_map_phys', device: 'untrusted' },
        asked_trusted: { type: 'dma_map_phys', device: 'trusted' },
      }),
    };
  };

  const tasks = [driver(), other];
  const conversions = forcing ? conversionOf('A', make(conversion), tasks.flatMap(stepsOf)) : [];
  const steps = [...tasks, ...conversions].flatMap(stepsOf);
  const bounces = steps.some(({ type }) => type === 'swiotlb_bounce');
  const gone = ({ type, params }: Step) =>
    type === 'free_pages' || (/^set_memory_.*_ret$/.test(type) && params.ret === 'failed');
  return {
    name: 'trusted',
    instances: [
      ...(accepts ? [device()] : []),
      ...tasks,
      request(),
      ...(bounces ? [copyOf('B', 'other', make(bounceCopy), steps)] : []),
      ...conversions,
      ...rangesOf('A', 'private', make(memoryRange), steps, gone),
      ...(forcing ? guestInstance(given, make(guest)) : []),
    ],
  };
}
