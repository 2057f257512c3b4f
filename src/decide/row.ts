/**
 * One row of a decision table: a request in a situation, and the answer of the specification. Shared by the
 * tables of mappings and of allocations, by what merges them and by what writes them.
 */
import type { SystemFacts } from '../../machines/systems/index.ts';

export type Op = 'map' | 'alloc' | 'alloc-pages';

/** Where a request is made: one platform with its options, as one series makes it. Names are the command line's. */
export interface Setting {
  readonly platform: string;
  readonly series: string;
  readonly patches: ReadonlySet<number>;
  /** Every option by name, `device` too. */
  readonly options: Readonly<Record<string, string>>;
  /** What the specification is told of platform and options. */
  readonly facts: SystemFacts;
}

/** What comes of a request. */
export interface Outcome {
  /** Where the memory comes from or the mapping lies (`direct`, `default pool`, `atomic pool`, …), or `refused`. */
  readonly source: string;
  /** Whether pages are converted for this request. */
  readonly converted: 'no' | 'to-shared';
  /**
   * What the address is made to say: `shared` or `private` memory (by the bit, where the platform has one; where
   * it has none the number is the same), `raw`: the untranslated physical address, `iova`: an IOMMU's address,
   * `xen`: Xen's own translation, `none`: no address is handed out.
   */
  readonly address: 'shared' | 'private' | 'raw' | 'iova' | 'xen' | 'none';
  /** Why it is refused; only then. */
  readonly reason?: string;
}

export interface Row {
  readonly op: Op;
  readonly platform: string;
  readonly series: string;
  /** Options by name, without `device`. */
  readonly options: Readonly<Record<string, string>>;
  readonly device: string;
  /** `none`, or names without DMA_ATTR_, joined by `|` in the order of the alphabet. */
  readonly attrs: string;
  /** May the caller sleep? */
  readonly context: 'process' | 'atomic';
  /** What else the request is: named classes (`size`, `memory`, …) in the order in which they are shown. */
  readonly request: Readonly<Record<string, string>>;
  readonly outcome: Outcome;
  /** The events of the specification that lead to the outcome, as labels: the reason why, step by step. */
  readonly because: readonly string[];
}

/** The inputs of a row as one flat record, in the order of the columns: platform, device, attrs, context, request, options. */
export function inputsOf(row: Omit<Row, 'outcome' | 'because'>): Record<string, string> {
  const { platform, device, attrs, context, request, options } = row;
  return { platform, device, attrs, context, ...request, ...options };
}

/** A set of attributes as one text: `none`, or the names joined by a bar. */
export function attrsText(attrs: readonly string[]): string {
  return attrs.length === 0 ? 'none' : attrs.join('|');
}

/** All subsets of some attributes, each in their order, small sets first among equals of the binary count. */
export function subsets<T>(all: readonly T[]): T[][] {
  return Array.from({ length: 2 ** all.length }, (_, bits) => all.filter((_one, i) => (bits >> i) & 1));
}

/** One text for each outcome: equal outcomes have equal texts. */
export function outcomeKey({ source, converted, address, reason }: Outcome): string {
  return JSON.stringify([source, converted, address, reason ?? null]);
}

/** The attributes that a text of {@link attrsText} names. */
export function attrsOf(text: string): string[] {
  return text === 'none' ? [] : text.split('|');
}
