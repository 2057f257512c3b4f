/** Decision tables, computed from the specification: what becomes of a request, for every platform and option. */

export { columnsOf } from './columns.ts';
export { csvDecisions } from './csv.ts';
export { MAP_REQUEST, MapDecisions, type MapDomain, mapRequests, mapTable } from './map-table.ts';
export { markdownDecisions } from './markdown.ts';
export { expand, type MergedRow, type MergedTable, mergeRows } from './merge.ts';
export * from './row.ts';
export { rstDecisions } from './rst.ts';
export { type Asked, type DecisionTable, TABLES } from './tables.ts';
export { fixedText, type Section, tableText } from './text.ts';
