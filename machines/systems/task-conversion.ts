/** A conversion and the ranges that it converts, as instances: for systems in which one task converts one memory. */
import type { EventPattern, InstanceDef, LocalEvent, MachineSpec } from '../../src/lts/types.ts';
import { alive } from './alive.ts';
import { type Step, when } from './mapper.ts';
import { startingIn } from './sync.ts';

/** The task that converts, as `conversion.ts` knows it. */
const BY = 'driver';

/** Only it converts; the pages are aligned, so that powerpc's only call has no reason to fail. */
export function byDriver({ params }: LocalEvent): boolean {
  return params.by === BY && !(params.range === 'all' && params.ok === false);
}

/** `set_memory_decrypted_ret ok` and so on: what a conversion may return at all. */
export function returnsOf(spec: MachineSpec): Set<string> {
  return new Set(
    alive(spec, byDriver).flatMap(({ type, params }) => ('ret' in params ? [`${type} ${params.ret}`] : [])),
  );
}

/**
 * The conversion of a memory, as far as some steps call it; none if they do not.
 * @param spec a built `conversion`
 */
export function conversionOf(buf: string, spec: MachineSpec, steps: readonly Step[]): InstanceDef[] {
  const called = (type: string) => steps.some((step) => step.type === type && step.params.buf === buf);
  const offered = (event: LocalEvent) =>
    byDriver(event) && (!/^set_memory_..crypted$/.test(event.type) || called(event.type));
  const live = new Set(alive(spec, offered).map(({ label }) => label));
  if (live.size === 0) return [];
  const sync = ({ type, params, label }: LocalEvent) =>
    live.has(label) ? ({ ...params, buf, type } as EventPattern) : null;
  return [
    {
      name: `conversion[${buf}]`,
      spec,
      sync: Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, sync])),
    },
  ];
}

/**
 * The two ranges of a memory.
 * @param spec a built `memory-range`
 * @param gone the steps by which the memory leaves the system, if any
 */
export function rangesOf(
  buf: string,
  initial: 'private' | 'shared',
  spec: MachineSpec,
  steps: readonly Step[],
  gone: (step: Step) => boolean = () => false,
): InstanceDef[] {
  const like = when(steps);
  const own = (type: string, which: 0 | 1) =>
    like(({ type: is, params }) => {
      if (type === 'gone') return gone({ type: is, params });
      if (is !== type || params.buf !== buf || params.ok !== true) return false;
      return params.range === undefined || params.range === which || params.range === 'all';
    });
  return ([0, 1] as const).map((which) => ({
    name: `range[${buf}${which}]`,
    spec: startingIn(initial, spec),
    sync: Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, own(type, which)])),
  }));
}
