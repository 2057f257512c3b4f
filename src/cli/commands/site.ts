/** A property and a kernel symbol, as a user gives them, among the counterexamples of a check. */
import type { CheckedSubject } from '../../conformance/subject.ts';
import { knownFindings } from '../../series/index.ts';
import { unknown } from '../usage.ts';

/**
 * The site of the counterexample that is meant: the one that is named, or the shortest. Null where the
 * property does not fail there. @throws UsageError for a property or a symbol that does not exist
 */
export function siteAmong(
  { verdicts, graph }: CheckedSubject,
  property: string,
  site?: string,
): string | null {
  const verdict = verdicts.find(({ name }) => name === property);
  if (verdict === undefined)
    throw unknown(
      'property',
      property,
      verdicts.map(({ name }) => name),
      propertyNames(verdicts),
    );
  const sites = verdict.counterexamples.map((found) => found.site);
  if (site === undefined) return sites[0] ?? null;
  if (sites.includes(site)) return site;
  const symbols = [
    ...sites,
    ...knownFindings().map((finding) => finding.site),
    ...graph.network.events.map(({ symbol }) => symbol),
  ].filter((symbol, i, all) => all.indexOf(symbol) === i);
  if (symbols.includes(site)) return null;
  throw unknown(
    'site',
    site,
    symbols,
    sites.length === 0 ? 'the kernel symbols of the system' : sites.join(', '),
  );
}

/** Safety properties only: the witnesses' names are sentences. */
const propertyNames = (verdicts: CheckedSubject['verdicts']): string =>
  verdicts
    .filter(({ kind }) => kind !== 'possible')
    .map(({ name }) => name)
    .join(', ');
