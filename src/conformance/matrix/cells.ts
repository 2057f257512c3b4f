/** Cells: what all workloads of one place together say of one kernel, property by property. */
import { findingsFor, type Options, optionsLabel } from '../../series/index.ts';
import { SAFETY, type SafetyName } from '../safety-names.ts';
import type { Outcome } from './outcome.ts';
import type { Place } from './plan.ts';
import type { Row } from './rows.ts';

/**
 * `holds`: its witness occurred, and nothing violated it. `not-reachable`: nothing did, and the witness occurred
 * under no workload. `not-decided`: a bound was hit before a violation was seen.
 */
export type CellVerdict = 'holds' | 'fails' | 'not-reachable' | 'not-decided';

/** One way in which a cell fails: the shortest at its site. */
export interface Counterexample {
  /** Kernel symbol of the violating step. */
  readonly site: string;
  readonly steps: number;
  readonly because: string;
  readonly workload: string;
  /** Id of the known finding, or null where it is not listed. */
  readonly finding: string | null;
  /** A command that shows it. */
  readonly replay: string;
}

export interface Cell {
  readonly platform: string;
  /** Options that differ from the platform's defaults, as `device=trusted`; empty for none. */
  readonly options: string;
  readonly property: SafetyName;
  readonly verdict: CellVerdict;
  /** Of the shortest counterexample; null where nothing fails. */
  readonly steps: number | null;
  /** The known finding of the shortest counterexample; null where nothing fails or it is not listed. */
  readonly finding: string | null;
  /** For `not-decided`: states at which the bound was hit. */
  readonly bound?: number;
  /** Of a cell that fails, shortest first, one for each site. */
  readonly counterexamples?: readonly Counterexample[];
}

/** One workload's outcome in a cell's row and place. */
export interface Answer {
  readonly workload: string;
  readonly outcome: Outcome;
}

/** The cells of one row and place, one for each property. */
export function cellsOf(row: Row, place: Place, answers: readonly Answer[]): Cell[] {
  const undecided = answers.filter(({ outcome }) => !outcome.complete);
  return SAFETY.map((property): Cell => {
    const head = {
      platform: place.platform.name,
      options: optionsLabel(place.platform, place.options),
      property,
    };
    const counterexamples = counterexamplesOf(row, place, property, answers);
    const [shortest] = counterexamples;
    if (shortest !== undefined) {
      const { steps, finding } = shortest;
      return { ...head, verdict: 'fails', steps, finding, counterexamples };
    }
    const nothing = { steps: null, finding: null };
    if (undecided.length > 0) {
      const bound = Math.max(...undecided.map(({ outcome }) => outcome.states));
      return { ...head, verdict: 'not-decided', ...nothing, bound };
    }
    const seen = answers.some(({ outcome }) => outcome.witnesses.includes(property));
    return { ...head, verdict: seen ? 'holds' : 'not-reachable', ...nothing };
  });
}

function counterexamplesOf(
  row: Row,
  place: Place,
  property: SafetyName,
  answers: readonly Answer[],
): Counterexample[] {
  const bySite = new Map<string, Counterexample>();
  const situation = { patches: row.series.patches, ...place };
  const listed = findingsFor('matrix', situation).filter((finding) => finding.property === property);
  for (const { workload, outcome } of answers)
    for (const violation of outcome.violations) {
      if (violation.property !== property) continue;
      const { site, because, schedule } = violation;
      const known = bySite.get(site);
      if (known !== undefined && known.steps <= schedule.length) continue;
      bySite.set(site, {
        site,
        steps: schedule.length,
        because,
        workload,
        finding: listed.find((finding) => finding.site === site)?.id ?? null,
        replay: replayCommand(row, place, workload, schedule),
      });
    }
  return [...bySite.values()].sort((a, b) => a.steps - b.steps || (a.site < b.site ? -1 : 1));
}

function replayCommand(
  row: Row,
  { platform, options }: Place,
  workload: string,
  schedule: readonly number[],
): string {
  const differs = optionsLabel(platform, options as Options);
  return [
    `npx ccdma replay --series ${row.series.name} --platform ${platform.name}`,
    ...(differs === '' ? [] : differs.split(',').map((option) => `--option ${option}`)),
    `--workload ${workload} --schedule ${schedule.join(',')}`,
  ].join(' ');
}
