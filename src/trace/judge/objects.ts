/** The objects of a log, one instance each; what is unknown of them is undefined and constrains nothing. */
import type { Range } from './ranges.ts';

const hex = (value: number): string =>
  value >= 0 ? value.toString(16) : BigInt.asUintN(64, BigInt(value)).toString(16);

/** What every object has: an identity within the reading, and its first and last events. */
export interface Thing {
  readonly kind: 'mapping' | 'pool' | 'allocation' | 'page range';
  readonly serial: number;
  readonly firstLine: number;
  readonly firstEvent: string;
  lastLine: number;
  lastEvent: string;
}

/** A machine that follows an object: a set of states, by its number; -1 when it has gone astray. */
export interface Instance {
  readonly machine: string;
  set: number;
  /** Events may be missing: nothing is concluded from those that are not there. */
  lossy: boolean;
}

export interface Conversion {
  readonly to: 'shared' | 'private';
  readonly start: number;
  readonly end: number;
  ok: boolean | undefined;
}

/** Pages that were converted, as an object. */
export interface PageRange extends Thing, Range {
  readonly kind: 'page range';
}

export interface Pages extends Range {
  readonly state: 'shared' | 'uncertain';
  readonly owner: 'atomic pool' | 'swiotlb pool' | 'allocation' | 'other';
  readonly thing: PageRange;
}

export interface Pool extends Thing {
  readonly kind: 'pool';
  readonly pointer: number;
  /** Made by a mapping for itself; a dynamic one is made by the worker and never freed. */
  readonly transient: boolean;
  readonly fromPool: boolean | undefined;
  readonly conversion: Conversion | undefined;
  readonly instance: Instance;
  mapping: Mapping | undefined;
  retired: number | undefined;
  freed: number | undefined;
}

export interface Mapping extends Thing {
  readonly kind: 'mapping';
  readonly device: string;
  readonly slot: number;
  readonly size: number;
  dma: number | undefined;
  pool: Pool | undefined;
  /** Line of its release. */
  released: number | undefined;
  /** Tracepoints of earlier releases of the slot that have not come yet. */
  late: number;
  /** Handed out while the earlier one was not known to be released. */
  conflicts: Conflict[] | undefined;
  viaSg: boolean;
  readonly instance: Instance | undefined;
}

export interface Conflict {
  readonly earlier: Mapping;
  readonly later: Mapping;
  readonly line: number;
  readonly time: number;
  open: boolean;
}

export interface Allocation extends Thing {
  readonly kind: 'allocation';
  readonly device: string;
  readonly dma: number;
  readonly size: number;
  /** From an atomic pool, or pages of its own. */
  readonly fromPool: boolean | undefined;
  readonly conversion: Conversion | undefined;
  readonly cpu: number | undefined;
}

export type Any = Mapping | Pool | Allocation | PageRange;

/** What an object is called: `mapping 3e88e000 of nvme0`, `pool ffff9f94c210c3c0`. Made when asked for. */
export function nameOf(thing: Any): string {
  switch (thing.kind) {
    case 'mapping':
      return `mapping ${hex(thing.slot)} of ${thing.device}`;
    case 'pool':
      return `pool ${hex(thing.pointer)}`;
    case 'allocation':
      return `allocation ${hex(thing.dma)} of ${thing.device}`;
    case 'page range':
      return thing.end > thing.start
        ? `pages ${hex(thing.start)} to ${hex(thing.end)}`
        : `pages from ${hex(thing.start)}`;
  }
}
