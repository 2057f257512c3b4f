/** What is known at a line of a log: who runs what, which objects live, what was checked. */
import type { Binder } from '../binding/roles.ts';
import type { TraceRecord } from '../record.ts';
import { detach } from '../text.ts';
import { type Frame, type Lane, Lanes } from './lanes.ts';
import type { Allocation, Any, Conflict, Instance, Mapping, Pages, Pool, Thing } from './objects.ts';
import { ASTRAY, type Told } from './oracle.ts';
import { Ranges } from './ranges.ts';
import type { MachineName, Specification } from './specification.ts';
import type { Tally } from './tally.ts';

/** Told of every event that belongs to an object, in order; the second pass gathers histories with it. */
export type Touch = (thing: Any, record: TraceRecord, lane: Lane, change: string) => void;

/** A step that no machine offers. */
export interface Stray {
  readonly machine: string;
  readonly event: string;
  readonly firstLine: number;
  /** Where the object was. */
  readonly state: string;
  count: number;
}

/** Objects that are gone and may still be named by mistake; the last so many. */
const REMEMBERED = 1024;

export class Scene {
  readonly lanes = new Lanes();
  readonly pages = new Ranges<Pages>();
  readonly pools = new Map<number, Pool>();
  readonly freedPools = new Map<number, Pool>();
  readonly slots = new Map<number, Mapping>();
  /** Where the address of a mapping is not that of its slot. */
  readonly byDma = new Map<number, Mapping>();
  readonly allocations = new Map<string, Map<number, Allocation>>();
  readonly freedAllocations = new Map<string, Allocation>();
  readonly conflicts: Conflict[] = [];
  /** Devices that the log shows to reach shared memory only. */
  readonly forced = new Set<string>();
  /** From a pool's descriptor to the work item or RCU head in it; learnt. */
  workOffset: number | undefined;
  readonly strays = new Map<string, Stray>();
  /** Addresses that differ from that of the memory they name: by a bit, or by a translation. */
  encoded = 0;
  /** Objects that were named and not known: born before the log, or in a part of it that is missing. */
  unknownObjects = 0;
  /** Deferred frees of dynamic pools, by who runs them. */
  readonly frees = { softirq: 0, task: 0 };
  /** Objects given up because a part of the log is missing. */
  forgotten = 0;
  touch: Touch | undefined;
  #serial = 0;
  readonly #devices = new Map<string, string>();

  constructor(
    readonly specification: Specification,
    readonly tally: Tally,
    readonly binder: Binder,
  ) {}

  thing<K extends Thing['kind']>(kind: K, record: TraceRecord) {
    const { line, event } = record;
    return {
      kind,
      serial: this.#serial++,
      firstLine: line,
      firstEvent: event,
      lastLine: line,
      lastEvent: event,
    };
  }

  /** A number for an object that is made by hand. */
  nextSerial(): number {
    return this.#serial++;
  }

  /** The name of a device, a string of its own: one that was cut from a line holds the whole block in memory. */
  device(record: TraceRecord, field: 'dev' | 'device'): string | undefined {
    const name = record.field(field);
    if (name === undefined || name.length < 13) return name;
    let own = this.#devices.get(name);
    if (own === undefined) {
      own = detach(name);
      if (this.#devices.size < 10_000) this.#devices.set(own, own);
    }
    return own;
  }

  /** Notes that an event belongs to an object. */
  saw(thing: Any, record: TraceRecord, lane: Lane, change = ''): void {
    thing.lastLine = record.line;
    thing.lastEvent = record.event;
    this.touch?.(thing, record, lane, change);
  }

  follow(machine: MachineName, lossy: boolean): Instance {
    return { machine, set: this.specification.oracle(machine).begin, lossy };
  }

  /** Takes a step of a machine. One that it does not offer is counted, and the object is anywhere from then on. */
  step(instance: Instance | undefined, type: string, told: Told, record: TraceRecord): void {
    if (instance === undefined) return;
    const oracle = this.specification.oracle(instance.machine as MachineName);
    const next = oracle.step(instance.set, type, told, instance.lossy);
    if (next !== ASTRAY) {
      instance.set = next;
      return;
    }
    const state = oracle.text(instance.set);
    const key = `${instance.machine}|${type}|${state}`;
    const stray = this.strays.get(key);
    if (stray) stray.count++;
    else if (this.strays.size < 1000) {
      const event = `${type}${Object.entries(told)
        .map(([name, value]) => `${name}=${value}`)
        .join(',')
        .replace(/^(.+)$/, '[$1]')}`;
      this.strays.set(key, { machine: instance.machine, event, firstLine: record.line, state, count: 1 });
    }
    instance.set = oracle.anywhere;
    instance.lossy = true;
  }

  remember<K, T>(map: Map<K, T>, key: K, value: T): void {
    map.delete(key);
    map.set(key, value);
    if (map.size > REMEMBERED) map.delete(map.keys().next().value as K);
  }

  /** A part of the log is missing: what was known may be so no more. */
  forget(): void {
    const allocations = [...this.allocations.values()].reduce((n, { size }) => n + size, 0);
    this.forgotten += this.pools.size + this.slots.size + allocations + this.pages.size;
    this.lanes.clear();
    this.pages.clear();
    this.pools.clear();
    this.freedPools.clear();
    this.slots.clear();
    this.byDma.clear();
    this.allocations.clear();
    this.freedAllocations.clear();
    for (const conflict of this.conflicts) {
      if (conflict.open) this.tally.undecided('one-owner');
    }
    this.conflicts.length = 0;
  }
}

/** Who executes, in the specification's words. */
export function byOf(record: TraceRecord, frame?: Frame): 'softirq' | 'worker' | 'grower' | 'driver' {
  if (record.context.interrupt > 0) return 'softirq';
  if (frame?.role === 'dyn_free') return record.task.startsWith('kworker') ? 'worker' : 'driver';
  if (frame?.role === 'dyn_alloc') return 'grower';
  return record.task.startsWith('kworker') ? 'worker' : 'driver';
}

export const hex = (value: number): string =>
  value >= 0 ? value.toString(16) : BigInt.asUintN(64, BigInt(value)).toString(16);

/** Whether a number could be the other with its last digits cut off with the end of a line. */
export function maybeCut(shown: number, whole: number, radix: 10 | 16): boolean {
  return shown !== whole && hexOr(whole, radix).startsWith(hexOr(shown, radix));
}
const hexOr = (value: number, radix: 10 | 16) => (radix === 16 ? hex(value) : `${value}`);
