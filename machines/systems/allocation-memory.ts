/** The memory of an allocation system: who has it, what state it is in, and how that changes. */
import { createMachine } from 'xstate';
import { localEvents } from '../../src/lts/compile.ts';
import type { EventPattern, InstanceDef, LocalEvent, MachineSpec } from '../../src/lts/types.ts';
import { conversion } from '../conversion.ts';
import { freeList } from '../free-list.ts';
import { lentPiece } from '../lent-piece.ts';
import { memoryBlock } from '../memory-block.ts';
import { memoryRange } from '../memory-range.ts';
import { alive } from './alive.ts';
import { type AllocationSetting, syncOf, type Task } from './allocation-setting.ts';
import { only } from './sync.ts';

/** `A`: a block of the page allocator, for the driver's buffer. `P`: the piece of a pool. */
export type Memory = 'A' | 'P';

/**
 * The instances of the memory.
 * @param tasks the instances that name the events of the code, which the memory follows
 */
export function memory(setting: AllocationSetting, tasks: readonly InstanceDef[]): InstanceDef[] {
  const named: Memory[] = setting.piece ? ['A', 'P'] : ['A'];
  const conversions = named.flatMap((buf) => conversionOf(setting, buf));
  const events = [...tasks, ...conversions].flatMap(eventsOf);
  return [
    ...conversions,
    ...named.flatMap((buf) => [ownerOf(setting, buf, events), ...ranges(setting, buf, events)]),
    ...freeListOf(setting, events),
  ];
}

/** The events that an instance names in full. */
function eventsOf({ spec, sync }: InstanceDef): EventPattern[] {
  return localEvents(spec.name, spec.alphabet).flatMap((event) => {
    const given = sync?.[event.type] as unknown;
    const ref = typeof given === 'function' ? (given(event) as unknown) : given;
    return typeof ref === 'object' && ref !== null ? [ref as EventPattern] : [];
  });
}

/** Those of some patterns that an event agrees with; null if there is none. */
function following(
  events: readonly EventPattern[],
  patterns: readonly EventPattern[],
): EventPattern[] | null {
  const there = patterns.filter((pattern) =>
    events.some((event) => Object.entries(pattern).every(([name, value]) => event[name] === value)),
  );
  return there.length === 0 ? null : there;
}

/** A conversion of one memory, by whichever code converts it; none if no code does. */
function conversionOf({ code, tasks, can, make }: AllocationSetting, buf: Memory): InstanceDef[] {
  const calls = new Set(
    tasks.flatMap((by) =>
      code.flatMap((spec) =>
        alive(spec, (event) => can(by, event))
          .filter(({ params }) => params.buf === (buf === 'A' ? 'own' : 'pool'))
          .map(({ type }) => `${type} ${by}`),
      ),
    ),
  );
  const spec = make(conversion);
  // The machine knows its callers under names of its own.
  const actors: Record<string, Task> = { driver: 'driver', worker: 'other' };
  const offered = ({ type, params }: LocalEvent): boolean => {
    const by = actors[String(params.by)];
    if (by === undefined) return false;
    return !/^set_memory_(de|en)crypted$/.test(type) || calls.has(`${type} ${by}`);
  };
  const live = new Set(alive(spec, offered).map(({ label }) => label));
  if (live.size === 0) return [];
  const sync = ({ type, params, label }: LocalEvent) =>
    live.has(label) ? ({ ...params, by: actors[String(params.by)]!, buf, type } as EventPattern) : null;
  return [{ name: `conversion[${buf}]`, spec, sync: syncOf(spec, sync) }];
}

/** Memory that could not be converted is left alone. */
const leaks = (buf: Memory): EventPattern[] =>
  ['set_memory_decrypted_ret', 'set_memory_encrypted_ret'].map((type) => ({ type, buf, ret: 'failed' }));

function ownerOf({ make }: AllocationSetting, buf: Memory, events: readonly EventPattern[]): InstanceDef {
  const spec = make(buf === 'A' ? memoryBlock : lentPiece);
  const one = (pattern: EventPattern) => following(events, [pattern]);
  const same = ({ type, params }: LocalEvent) => one({ ...params, type } as EventPattern);
  const sync =
    buf === 'A'
      ? {
          alloc_pages: ({ params }: LocalEvent) =>
            params.ok === true ? one({ type: 'alloc_pages', ok: true }) : null,
          cma_alloc: (event: LocalEvent) => (event.params.page === 'none' ? null : same(event)),
          cma_release: same,
          free_pages: ({ params }: LocalEvent) =>
            params.buf === 'own' ? one({ type: 'free_pages', buf }) : null,
          leak: () => following(events, leaks(buf)),
        }
      : {
          gen_pool_alloc: same,
          dma_free_from_pool: (event: LocalEvent) => (event.params.owned === true ? same(event) : null),
          swiotlb_search_pool_area: same,
          swiotlb_release_slots: same,
          leak: () => following(events, leaks(buf)),
        };
  return { name: buf === 'A' ? 'block[A]' : 'piece[P]', spec, sync: only(spec, sync) };
}

/** Only where pages of a pool can get there: `dma_free_pages()`, asked for a piece of an atomic pool. */
function freeListOf(
  { entry, piece, restricted, make }: AllocationSetting,
  events: readonly EventPattern[],
): InstanceDef[] {
  if (entry === 'attrs' || !piece || restricted) return [];
  const spec = make(freeList);
  const ofPool = following(events, [{ type: 'free_pages', buf: 'P' }]);
  const sync = ({ params }: LocalEvent) => (params.buf === 'pool' ? ofPool : null);
  return [{ name: 'free-list', spec, sync: { free_pages: sync } }];
}

/** Two page ranges. A block is private when it comes; a piece of a pool stays what it is. */
function ranges(
  { make, facts, restricted }: AllocationSetting,
  buf: Memory,
  events: readonly EventPattern[],
) {
  const shared = facts.convertible && (restricted ? facts.sharedPools : facts.sharedAtomicPools);
  const spec = startingIn(buf === 'P' && shared ? 'shared' : 'private', make(memoryRange));
  const gone = [{ type: 'free_pages', buf }, { type: 'cma_release' }, ...leaks(buf)];
  const patterns = (type: string, range: 0 | 1): EventPattern[] => {
    const done = { type, buf, ok: true };
    if (type === 'gone') return buf === 'A' ? gone : [];
    if (/_range$/.test(type)) return [{ ...done, range }];
    return /_host_call$/.test(type)
      ? [
          { ...done, range },
          { ...done, range: 'all' },
        ]
      : [done];
  };
  return ([0, 1] as const).map(
    (range): InstanceDef => ({
      name: `range[${buf}${range}]`,
      spec,
      sync: Object.fromEntries(
        Object.keys(spec.alphabet).map((type) => [type, following(events, patterns(type, range))]),
      ),
    }),
  );
}

/** The machine, with another state at its top to begin in. */
function startingIn(initial: string, spec: MachineSpec): MachineSpec {
  if (spec.machine.config.initial === initial) return spec;
  const config = { ...spec.machine.config, initial };
  return { ...spec, machine: createMachine(config as never, spec.machine.implementations as never) as never };
}
