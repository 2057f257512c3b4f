/** Two verdicts on one run: the simulator's own and that of its log. */
import type { SafetyName } from '../../conformance/safety-names.ts';
import type { Found, RoundTrip } from './run.ts';
import { excuseFor, type Undecidable } from './undecidable.ts';

/**
 * - `same`: both say violated, or both say that it holds.
 * - `open`: the log does not say, and nothing is violated.
 * - `excused`: violated, the log does not say, and the list of what it cannot decide has it.
 * - `silent`: violated, the log does not say, and it should: the recorded events decide it, or the list lacks it.
 * - `opposite`: one says violated, the other that it holds.
 */
export type Agreement = 'same' | 'open' | 'excused' | 'silent' | 'opposite';

export interface Compared {
  readonly property: SafetyName;
  readonly agreement: Agreement;
  /** What the log cannot decide, of what was violated. */
  readonly excuses: readonly Undecidable[];
  /** In words, where they do not agree. */
  readonly because: string;
}

/** By property; a log without an event says nothing about any of them. */
export function compare(trip: RoundTrip): Compared[] {
  return (trip.verdict?.properties ?? []).map((verdict): Compared => {
    const property: SafetyName = verdict.name;
    const found = trip.found.filter((one) => one.property === property);
    const excuse = (one: Found) => excuseFor(one, trip.platform, trip.log);
    const excuses = found.map(excuse).filter((one) => one !== undefined);
    const result = (agreement: Agreement, because = ''): Compared => ({
      property,
      agreement,
      excuses: agreement === 'excused' ? excuses : [],
      because,
    });
    if (verdict.status === 'violated') {
      const [first] = verdict.first;
      const step = stepOf(trip, first!.line);
      if (found.length === 0 || found[0]!.step > step)
        return result('opposite', `the log, line ${first!.line} (step ${step}): ${first!.because}`);
      return result('same');
    }
    if (found.length === 0) return result(verdict.status === 'holds' ? 'same' : 'open');
    // It holds as far as the log says; where it says that it does not say everything, that is no contradiction.
    if (verdict.status === 'holds' && verdict.unanswered === 0) return result('opposite', told(found[0]!));
    const unlisted = found.find((one) => excuse(one) === undefined);
    return unlisted === undefined ? result('excused') : result('silent', told(unlisted));
  });
}

const told = ({ step, site, because }: Found) => `the simulator, step ${step}, ${site}: ${because}`;

/** The step that wrote a line. */
function stepOf({ log, linesAfter }: RoundTrip, line: number): number {
  const header = log.split('\n').findIndex((text) => !text.startsWith('#'));
  return linesAfter.findIndex((after) => header + after >= line) + 1;
}
