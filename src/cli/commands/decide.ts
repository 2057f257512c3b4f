/** `ccdma decide`: what becomes of a request, by the specification. */
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { specFacts } from '../../conformance/facts.ts';
import {
  attrsOf,
  attrsText,
  type DecisionTable,
  fixedText,
  type MergedTable,
  mergeRows,
  type Op,
  type Row,
  type Setting,
  TABLES,
  tableText,
} from '../../decide/index.ts';
import { textRows } from '../../render/index.ts';
import { PLATFORMS } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { select } from '../select.ts';
import { paragraph } from '../text/layout.ts';
import { UsageError, unknown } from '../usage.ts';
import { printJson } from './common.ts';

export interface DecideOptions {
  readonly series?: readonly string[];
  readonly platform?: readonly string[];
  readonly option?: readonly string[];
  readonly device?: string;
  readonly attrs?: string;
  readonly context?: string;
  readonly request?: readonly string[];
  readonly why?: boolean;
  readonly json?: boolean;
}

const CONTEXTS: readonly Row['context'][] = ['process', 'atomic'];

/** @throws UsageError for what does not exist, cannot be had, or contradicts itself */
export function decide(io: Io, op: string, options: DecideOptions): number {
  const table = tableOf(op);
  const bySeries = settingsOf(options);
  const asked = {
    ...(options.attrs === undefined ? {} : { attrs: [attrsGiven(options.attrs, table)] }),
    ...(options.context === undefined ? {} : { contexts: [oneOf('context', options.context, CONTEXTS)] }),
    request: requestOf(options.request ?? [], table),
  };
  const tables = [...bySeries].map(([series, settings]) => ({
    series,
    merged: mergeRows(table.rows(settings, asked), table.attrs),
  }));
  if (options.json === true) {
    const results = tables.map(({ series, merged }) => ({ op, series, ...merged }));
    printJson(io, 'decide', { results });
    return 0;
  }
  tables.forEach(({ series, merged }, i) => {
    if (i > 0) io.out('');
    io.out(`${table.title}, ${series}\n`);
    io.out(text(io, merged, options.why === true));
  });
  return 0;
}

function text(io: Io, merged: MergedTable, why: boolean): string {
  const { header, rows } = tableText(merged);
  const ways = merged.rows.map(({ because }, i) =>
    [`${i + 1}`, ...because.map((step) => `   ${step}`)].join('\n'),
  );
  const common = fixedText(merged);
  const numbered = why
    ? { header: ['', ...header], rows: rows.map((row, i) => [`${i + 1}`, ...row]) }
    : { header, rows };
  return [
    ...(common === '' ? [] : [paragraph(io, common), '']),
    textRows(numbered.rows, numbered.header, { width: io.width }),
    ...bitlessNote(io, merged),
    ...(why ? ['', 'How a request of each row comes to its answer:', '', ...ways] : []),
  ].join('\n');
}

/** On most platforms an address has no bit for what it says. */
function bitlessNote(io: Io, { fixed, columns, rows }: MergedTable): string[] {
  if (!rows.some(({ outcome: { address } }) => address === 'shared' || address === 'private')) return [];
  const names = fixed.platform === undefined ? (columns.platform ?? []) : [fixed.platform];
  const without = names.filter((name) => PLATFORMS.find((one) => one.name === name)?.addressBit === null);
  if (without.length === 0) return [];
  const which = without.length === PLATFORMS.length ? '' : ` on ${without.join(', ')}`;
  return ['', paragraph(io, `An address has no bit for it${which}: it is told as the code means it.`)];
}

function tableOf(op: string): DecisionTable {
  const table = TABLES[op as Op];
  if (table === undefined) throw unknown('request', op, Object.keys(TABLES));
  return table;
}

/** Platforms and options, by the name of the series. */
function settingsOf({ series, platform, option = [], device }: DecideOptions): Map<string, Setting[]> {
  const also = device === undefined || option.includes(`device=${device}`) ? [] : [`device=${device}`];
  // The systems do not matter here; the first stands for all.
  const { subjects } = select({ system: SYSTEMS[0]!.name, series, platform, option: [...option, ...also] });
  const settings = new Map<string, Setting[]>();
  for (const { series: one, platform: where, options } of subjects) {
    const setting: Setting = {
      platform: where.name,
      series: one.name,
      patches: one.patches,
      options: { ...options },
      facts: specFacts(where, options),
    };
    settings.set(one.name, [...(settings.get(one.name) ?? []), setting]);
  }
  return settings;
}

/** Attributes in any order, joined by `|` or `,`, with or without DMA_ATTR_; in the order of the table. */
function attrsGiven(given: string, { attrs }: DecisionTable): string {
  if (given === '' || given === 'none') return 'none';
  const named = attrsOf(given.replaceAll(',', '|')).map((name) => name.trim().replace(/^DMA_ATTR_/, ''));
  for (const name of named) {
    if (name === 'none') throw new UsageError(`--attrs ${given}: 'none' stands alone`);
    if (!attrs.includes(name)) throw unknown('attribute', name, attrs);
  }
  return attrsText(attrs.filter((name) => named.includes(name)));
}

function requestOf(given: readonly string[], { request }: DecisionTable): Record<string, string[]> {
  const chosen: Record<string, string[]> = {};
  const all = Object.entries(request).flatMap(([name, values]) => values.map((value) => `${name}=${value}`));
  for (const one of given) {
    if (!all.includes(one)) throw unknown('request', one, all);
    const [name, value] = one.split('=') as [string, string];
    chosen[name] = [...(chosen[name] ?? []).filter((other) => other !== value), value];
  }
  return chosen;
}

function oneOf<T extends string>(kind: string, value: string, accepted: readonly T[]): T {
  if (!accepted.includes(value as T)) throw unknown(kind, value, accepted);
  return value as T;
}
