/** Counterexamples as they are asked for: which of them, and in which form. */
import { type CheckedSubject, propertiesOf, subjectSlug } from '../conformance/subject.ts';
import { describePath, moreCounterexamples, type Verdict } from '../lts/index.ts';
import { mermaidSequence, svgSequence } from '../render/index.ts';
import { itf } from '../render/itf.ts';
import type { NewFile } from './files.ts';
import { type CheckResult, resultHead } from './results.ts';
import { traceOf } from './text/verdicts.ts';
import { UsageError, unknown } from './usage.ts';

/** What is asked for. Without any of it: of every property, one for each site. */
export interface Wanted {
  /** Only of this property. */
  readonly property?: string;
  /** The shortest of each property. */
  readonly all?: boolean;
  /** So many of each property, each with another last step. */
  readonly more?: number;
  readonly format?: string;
  readonly out?: string;
}

export const FORMATS = ['table', 'sequence', 'mermaid', 'itf', 'json'] as const;

/** @throws UsageError for what does not go together */
export function checkWanted({ all, more, format, out }: Wanted, json: boolean): void {
  if (format !== undefined && !FORMATS.includes(format as never)) throw unknown('format', format, FORMATS);
  if (all === true && more !== undefined) {
    throw new UsageError('--all gives one counterexample of each property, --more several; give one of them');
  }
  if (json && format !== undefined) {
    throw new UsageError('--json is of the whole result, --format of the counterexamples; give one of them');
  }
  if (out !== undefined && (format === undefined || format === 'table')) {
    throw new UsageError('--out is where counterexamples go as files; give a --format for them');
  }
}

/** The check with the verdicts and counterexamples that are wanted. @throws UsageError for an unknown property */
export function wantedOf(checked: CheckedSubject, { property, all, more }: Wanted): CheckedSubject {
  const { subject, graph, verdicts } = checked;
  const safety = verdicts.filter(({ kind }) => kind !== 'possible').map(({ name }) => name);
  if (property !== undefined && !safety.includes(property)) throw unknown('property', property, safety);
  const mine = verdicts.filter(
    ({ name, witnesses }) => property === undefined || name === property || witnesses === property,
  );
  const chosen = (verdict: Verdict): Verdict['counterexamples'] => {
    if (all === true) return verdict.counterexamples.slice(0, 1);
    const definition = propertiesOf(subject).find(({ name }) => name === verdict.name)!;
    // Of a leads-to there is the shortest lasso, whatever is asked for.
    if (more === undefined || definition.kind === 'possible' || definition.kind === 'leads-to')
      return verdict.counterexamples;
    return moreCounterexamples(graph, definition, more);
  };
  return { ...checked, verdicts: mine.map((one) => ({ ...one, counterexamples: chosen(one) })) };
}

/** All counterexamples of a check as files in a format other than a table, one each. */
export function counterexampleFiles(checked: CheckedSubject, format: string): NewFile[] {
  const { graph, subject, verdicts } = checked;
  return verdicts.flatMap((verdict) =>
    verdict.counterexamples.map((found, n) => {
      const name = [subjectSlug(subject), slug(verdict.name), slug(found.site), `${n + 1}`].join('-');
      const trace = traceOf(checked, verdict.name, found);
      switch (format) {
        case 'sequence':
          return { path: `${name}.svg`, content: svgSequence(trace) };
        case 'mermaid':
          return { path: `${name}.mmd`, content: mermaidSequence(trace) };
        default: {
          const loop = found.loop === undefined ? {} : { loop: found.path.length };
          const title = `${trace.subtitle}: ${trace.title}`;
          const path = [...found.path, ...(found.loop ?? [])];
          return { path: `${name}.itf.json`, content: itf(graph.network, path, { title, ...loop }) };
        }
      }
    }),
  );
}

const slug = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-|-$/g, '');

/** The same as JSON: an entry for each, with its steps. */
export function counterexamplesJson(checked: CheckedSubject, result: CheckResult) {
  return result.properties.flatMap(({ name, counterexamples }, p) =>
    counterexamples.map((found, n) => {
      const { path, loop = [] } = checked.verdicts[p]!.counterexamples[n]!;
      return {
        ...resultHead(checked.subject),
        property: name,
        ...found,
        path,
        ...(loop.length === 0 ? {} : { loop }),
        trace: describePath(checked.graph.network, [...path, ...loop]),
      };
    }),
  );
}
