/** The decision tables by what is asked for: what a request is made of there, and how its rows are computed. */
import { ALLOC_ATTRS } from '../../machines/allocation-alphabet.ts';
import { MAP_ATTRS } from '../../machines/map-decision.alphabet.ts';
import { allocPagesRows, allocRows } from './alloc.ts';
import { MAP_REQUEST, mapTable } from './map-table.ts';
import type { Op, Row, Setting } from './row.ts';

/** Which requests a table is made for; without an entry, all. */
export interface Asked {
  /** Sets of attributes, as `attrsText` writes them. */
  readonly attrs?: readonly string[];
  readonly contexts?: readonly Row['context'][];
  /** By name of the class: its values. */
  readonly request?: Readonly<Record<string, readonly string[]>>;
}

export interface DecisionTable {
  readonly title: string;
  /** Attributes that make a difference or are refused, without DMA_ATTR_. */
  readonly attrs: readonly string[];
  /** The classes that a request is made of, with their values; the first is the usual one. */
  readonly request: Readonly<Record<string, readonly string[]>>;
  rows(settings: Iterable<Setting>, asked?: Asked): Iterable<Row>;
}

export const TABLES: Readonly<Partial<Record<Op, DecisionTable>>> = {
  map: {
    title: 'Mappings: dma_map_phys',
    attrs: MAP_ATTRS,
    request: MAP_REQUEST,
    rows: (settings, { attrs, contexts, request = {} } = {}) =>
      mapTable(settings, { ...request, ...(attrs === undefined ? {} : { attrs }) }, contexts),
  },
  alloc: {
    title: 'Coherent memory: dma_alloc_attrs',
    attrs: ALLOC_ATTRS,
    request: {},
    rows: (settings, asked) => allocRows(settings, asked),
  },
  'alloc-pages': {
    title: 'Pages: dma_alloc_pages',
    attrs: [],
    request: {},
    rows: (settings, asked) => allocPagesRows(settings, asked),
  },
};
