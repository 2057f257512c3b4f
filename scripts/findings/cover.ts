/** From the situations in which something fails to a short predicate that is true in exactly those. */
import { OPTION_VALUES, type OptionName, PLATFORMS } from '../../src/series/index.ts';
import type { Situated } from './judge.ts';

/** As an alternative of findings.json; platforms and options that make no difference are missing. */
export interface Cube {
  readonly platforms?: readonly string[];
  readonly options?: Readonly<Partial<Record<OptionName, string | readonly string[]>>>;
  readonly has?: readonly number[];
  readonly lacks?: readonly number[];
}

interface Literal {
  readonly text: string;
  readonly is: (one: Situated) => boolean;
  readonly add: (cube: CubeParts) => void;
}
interface CubeParts {
  platforms?: string[];
  options: Partial<Record<OptionName, string | readonly string[]>>;
  has: number[];
  lacks: number[];
}

/** All predicates of this many options and patches are tried; longer ones are found by leaving out of all. */
const MOST = 3;

/**
 * A disjunction of cubes that is true of all that fail and of nothing else in the universe. Each cube is the
 * widest of those with the fewest literals; platforms are named last, where options and patches do not tell
 * them apart. Greedy: short, not always the shortest.
 *
 * @param fails of one system: a part of the universe
 * @param wanted those that the cubes must be true of; by default all that fail
 * @param speakOf patches that may be named; by default all that act in the system
 */
export function cover(
  universe: readonly Situated[],
  fails: ReadonlySet<Situated>,
  wanted: Iterable<Situated> = fails,
  speakOf?: readonly number[],
): Cube[] {
  let cubes: Covering[] = [];
  let left = [...wanted];
  while (left.length > 0) {
    const found = widest(universe, fails, left[0]!, new Set(left), speakOf);
    cubes.push(found);
    left = left.filter((one) => !found.covers.has(one));
  }
  for (const one of cubes) {
    const others = cubes.filter((other) => other !== one);
    const needed = [...wanted].filter((fail) => one.covers.has(fail));
    if (needed.every((fail) => others.some(({ covers }) => covers.has(fail)))) cubes = others;
  }
  return cubes.map(({ cube }) => cube);
}

interface Covering {
  readonly cube: Cube;
  readonly covers: ReadonlySet<Situated>;
}

function widest(
  universe: readonly Situated[],
  fails: ReadonlySet<Situated>,
  seed: Situated,
  left: ReadonlySet<Situated>,
  speakOf: readonly number[] | undefined,
): Covering {
  const literals = literalsOf(universe, seed, speakOf);
  let best: (Covering & { gain: number }) | undefined;
  let last = literals.length;
  for (let size = 0; size <= Math.min(last, MOST); size++) {
    for (const chosen of subsets(literals, size)) {
      const tried = attempt(universe, fails, seed, chosen);
      if (tried === null) continue;
      const gain = [...tried.covers].filter((one) => left.has(one)).length;
      if (best === undefined || gain > best.gain) best = { ...tried, gain };
    }
    // One literal more than is needed may tell fewer platforms apart, and be true of more.
    if (best !== undefined && last === literals.length) last = size + 1;
  }
  if (best !== undefined) return best;
  const tried = orders(literals).map((order) => shortened(universe, fails, seed, order));
  const gain = ({ covers }: { covers: ReadonlySet<Situated> }) =>
    [...covers].filter((one) => left.has(one)).length;
  return tried.reduce((one, other) => (gain(other) > gain(one) ? other : one));
}

/** All literals, but those that can be left out, which is asked in the given order. */
function shortened(
  universe: readonly Situated[],
  fails: ReadonlySet<Situated>,
  seed: Situated,
  literals: readonly Literal[],
): Covering {
  let kept = literals;
  for (const literal of literals) {
    const fewer = kept.filter((one) => one !== literal);
    if (attempt(universe, fails, seed, fewer) !== null) kept = fewer;
  }
  const found = attempt(universe, fails, seed, kept);
  if (found === null) throw new Error('the patches that may be named do not tell where it fails');
  return found;
}

/** Some orders in which literals may be left out: each rotation, forwards and backwards. */
function orders<T>(all: readonly T[]): T[][] {
  const rotations = all.map((_, i) => [...all.slice(i), ...all.slice(0, i)]);
  return [...rotations, ...rotations.map((order) => [...order].reverse())];
}

/** The cube of some literals on all platforms where it has no counterexample; null if the seed's is not among them. */
function attempt(
  universe: readonly Situated[],
  fails: ReadonlySet<Situated>,
  seed: Situated,
  chosen: readonly Literal[],
): Covering | null {
  const wrong = new Set<string>();
  const covers: Situated[] = [];
  for (const one of universe) {
    if (!chosen.every(({ is }) => is(one))) continue;
    if (fails.has(one)) covers.push(one);
    else wrong.add(one.platform);
    if (wrong.has(seed.platform)) return null;
  }
  const kept = covers.filter(({ platform }) => !wrong.has(platform));
  const parts: CubeParts = { options: {}, has: [], lacks: [] };
  for (const { add } of chosen) add(parts);
  if (wrong.size > 0) {
    const there = new Set(kept.map(({ platform }) => platform));
    parts.platforms = PLATFORMS.map(({ name }) => name).filter((name) => there.has(name));
  }
  return { cube: cubeOf(parts), covers: new Set(kept) };
}

function cubeOf({ platforms, options, has, lacks }: CubeParts): Cube {
  return {
    ...(platforms === undefined ? {} : { platforms }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(has.length === 0 ? {} : { has }),
    ...(lacks.length === 0 ? {} : { lacks }),
  };
}

/** What is true of a situation and not of all. */
function literalsOf(
  universe: readonly Situated[],
  seed: Situated,
  speakOf: readonly number[] | undefined,
): Literal[] {
  const acting = [...new Set(universe.flatMap((one) => one.acting))].sort((a, b) => a - b);
  const patches = acting.filter((patch) => speakOf?.includes(patch) ?? true);
  const of = (patch: number): Literal =>
    seed.acting.includes(patch)
      ? { text: `+${patch}`, is: ({ acting }) => acting.includes(patch), add: ({ has }) => has.push(patch) }
      : {
          text: `-${patch}`,
          is: ({ acting }) => !acting.includes(patch),
          add: ({ lacks }) => lacks.push(patch),
        };
  const options = (Object.keys(OPTION_VALUES) as OptionName[]).map((name): Literal => {
    const value = seed.options[name];
    return {
      text: `${name}=${value}`,
      is: (one) => one.options[name] === value,
      add: (cube) => {
        cube.options[name] = value;
      },
    };
  });
  const others = (Object.keys(OPTION_VALUES) as OptionName[]).flatMap((name) =>
    (OPTION_VALUES[name].length < 3 ? [] : (OPTION_VALUES[name] as readonly string[]))
      .filter((value) => value !== seed.options[name])
      .map((value): Literal => {
        const rest = (OPTION_VALUES[name] as readonly string[]).filter((one) => one !== value);
        return {
          text: `${name}≠${value}`,
          is: (one) => one.options[name] !== value,
          add: (cube) => {
            cube.options[name] ??= rest;
          },
        };
      }),
  );
  return [...patches.map(of), ...others, ...options].filter(({ is }) => universe.some((one) => !is(one)));
}

function* subsets<T>(all: readonly T[], size: number, from = 0): Generator<T[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let i = from; i <= all.length - size; i++)
    for (const rest of subsets(all, size - 1, i + 1)) yield [all[i]!, ...rest];
}
