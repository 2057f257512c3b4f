/** `mutants.json`: what became of every mutant, and what changed between two such files. */
import type { Outcome } from './judge.ts';
import type { JudgedMutant } from './run.ts';
import { type Judged, type Reasons, type Summary, summary } from './table.ts';

/** What becomes of a mutant, shortly: who noticed it, as what, on what. */
type Brief = readonly [by: Outcome['by'], name: string, on: string];

interface MutantsFile {
  readonly format: 'ccdma-mutants';
  readonly version: 2;
  readonly systems: readonly {
    readonly system: string;
    readonly summary: Summary;
    /** What nobody noticed, and what the engine refused, told in words. */
    readonly told: readonly (Pick<JudgedMutant, 'id' | 'change'> & {
      readonly text: string;
      readonly reason?: string;
    })[];
    /** By transition, then by what was done to it. */
    readonly mutants: Readonly<Record<string, Readonly<Record<string, Brief>>>>;
  }[];
}

/**
 * The file `mutants.json`: a line for each transition. Its text is a function of the outcomes. What was noticed is
 * told in words only where somebody has to read it: the table is large.
 */
export function jsonOf(all: readonly Judged[], reasons: Reasons): string {
  const systems = all.map(({ system, mutants }) => {
    const told = mutants.flatMap(({ id, change, outcome: { by, text } }) => {
      if (by === 'survived') return [{ id, change, text, reason: reasons[system]?.[id] ?? '' }];
      return by === 'refused' ? [{ id, change, text }] : [];
    });
    const places = new Map<string, [string, Brief][]>();
    for (const { id, outcome } of mutants) {
      const [place, change] = splitId(id);
      const brief: Brief = [outcome.by, outcome.name, outcome.on];
      places.set(place, [...(places.get(place) ?? []), [change, brief]]);
    }
    const lines = [...places].map(
      ([place, some]) => `    ${JSON.stringify(place)}: ${JSON.stringify(Object.fromEntries(some))}`,
    );
    return [
      '  {',
      `   "system": ${JSON.stringify(system)},`,
      `   "summary": ${JSON.stringify(summary(mutants))},`,
      `   "told": [${told.map((one) => `\n    ${JSON.stringify(one)}`).join(',')}${told.length > 0 ? '\n   ' : ''}],`,
      `   "mutants": {\n${lines.join(',\n')}\n   }`,
      '  }',
    ].join('\n');
  });
  return `{\n "format": "ccdma-mutants",\n "version": 2,\n "systems": [\n${systems.join(',\n')}\n ]\n}\n`;
}

/** The transition that a mutant is of, and what was done to it. */
export function splitId(id: string): [place: string, change: string] {
  const cut = id.lastIndexOf('/');
  return [id.slice(0, cut), id.slice(cut + 1)];
}

/**
 * The first mutant that two files say different things of, in a sentence; null when there is none.
 * @param partial `now` has some of the mutants only, so that what it lacks is no difference
 */
export function firstChange(committed: string, now: string, partial: boolean): string | null {
  if (committed === now) return null;
  const was = briefs(committed);
  const is = briefs(now);
  const brief = ([by, name]: Brief) => (name === '' ? by : `${by} (${name})`);
  for (const [id, mutant] of is) {
    const old = was.get(id);
    if (old === undefined) return `${id} is new: ${brief(mutant)}`;
    if (JSON.stringify(old) === JSON.stringify(mutant)) continue;
    return brief(old) === brief(mutant)
      ? `${id}: ${brief(old)} on ${old[2]}, and now on ${mutant[2]}`
      : `${id}: was ${brief(old)}, is ${brief(mutant)}`;
  }
  const gone = [...was.keys()].find((id) => !is.has(id));
  if (partial) return null;
  return gone === undefined
    ? 'the same mutants in another order or form, or told otherwise'
    : `${gone} is no mutant any more`;
}

/** By system and id. */
function briefs(text: string): Map<string, Brief> {
  const { systems } = JSON.parse(text) as MutantsFile;
  return new Map(
    systems.flatMap(({ system, mutants }) =>
      Object.entries(mutants).flatMap(([place, some]) =>
        Object.entries(some).map(([change, brief]) => [`${system}: ${place}/${change}`, brief] as const),
      ),
    ),
  );
}
