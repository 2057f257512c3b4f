/** Checks and violations, by property. */
import type { TraceRecord } from '../record.ts';
import { type Any, nameOf, type Thing } from './objects.ts';
import { NEEDS, PROPERTIES, type PropertyName } from './properties.ts';

export interface Violation {
  readonly property: PropertyName;
  readonly line: number;
  /** The line itself. */
  readonly raw: string;
  /** Who acted: `softirq on CPU 0`. */
  readonly who: string;
  /** The kernel symbol of the violating step. */
  readonly site: string;
  readonly because: string;
  readonly object: ThingEnds | undefined;
  /** How many violations are alike: the same step for the same reason, addresses and lines aside. */
  times: number;
}

/** An object as it was when its verdict was given: its first and last events. */
export interface ThingEnds extends Omit<Thing, 'kind'> {
  readonly name: string;
}

/** Kinds of violations of a property that are kept, each with its first line; all are counted. */
const KEPT = 20;

interface Count {
  checks: number;
  violations: number;
  undecided: number;
  readonly kept: Violation[];
}

export class Tally {
  readonly #counts = new Map<PropertyName, Count>(
    PROPERTIES.map((name) => [name, { checks: 0, violations: 0, undecided: 0, kept: [] }]),
  );
  /** Of violations by absence since the log was last known to be whole: what a late CPU takes back. */
  #held = new Map<PropertyName, { count: number; kept: number }>();

  of(name: PropertyName): Readonly<Count> {
    return this.#counts.get(name)!;
  }

  check(name: PropertyName): void {
    this.#counts.get(name)!.checks++;
  }

  /** A check whose answer the log does not give. */
  undecided(name: PropertyName, n = 1): void {
    this.#counts.get(name)!.undecided += n;
  }

  violated(
    name: PropertyName,
    record: TraceRecord,
    who: string,
    site: string,
    because: string,
    object?: Any,
  ): void {
    const at = { line: record.line, raw: record.keep().raw, who, site };
    this.violatedAt(name, at, because, object);
  }

  violatedAt(
    name: PropertyName,
    at: Pick<Violation, 'line' | 'raw' | 'who' | 'site'>,
    because: string,
    object?: Any,
  ): void {
    const count = this.#counts.get(name)!;
    count.checks++;
    count.violations++;
    const alike = count.kept.find((one) => one.site === at.site && kindOf(one.because) === kindOf(because));
    if (alike) alike.times++;
    else if (count.kept.length < KEPT) {
      count.kept.push({ property: name, ...at, because, object: object && endsOf(object), times: 1 });
    }
  }

  /** From here on, what was found by absence can no longer be taken back by a CPU that begins later. */
  settle(): void {
    this.#held = new Map();
    for (const name of PROPERTIES) {
      const { violations, kept } = this.#counts.get(name)!;
      this.#held.set(name, { count: violations, kept: kept.length });
    }
  }

  /** A part of the log was missing all along: what was concluded since `settle` from absence is undecided. */
  takeBack(): void {
    for (const name of PROPERTIES) {
      if (!NEEDS[name].byAbsence) continue;
      const count = this.#counts.get(name)!;
      const { count: n, kept } = this.#held.get(name) ?? { count: 0, kept: 0 };
      const lost = count.violations - n;
      count.violations = n;
      count.checks -= lost;
      count.undecided += lost;
      count.kept.length = Math.min(count.kept.length, kept);
    }
  }
}

/** A reason without its numbers. */
const kindOf = (because: string) => because.replace(/\b[0-9a-f]*[0-9][0-9a-f]*\b/g, '#');

function endsOf(thing: Any): ThingEnds {
  const { serial, firstLine, firstEvent, lastLine, lastEvent } = thing;
  return { name: nameOf(thing), serial, firstLine, firstEvent, lastLine, lastEvent };
}
