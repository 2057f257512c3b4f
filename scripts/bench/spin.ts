/**
 * Ours and Spin's, side by side, on the scalable system at three sizes. Processor seconds, so that what else the
 * machine does counts less; in turns, so that it counts alike; medians of the ratio of each turn.
 */
import { MEASURED, type Size, scaled, scaledProperties } from '../../machines/systems/scalable.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { compose, type Network, type SafetyProperty } from '../../src/lts/index.ts';
import { defaultOptions, PLATFORMS, V5 } from '../../src/series/index.ts';
import { type Own, prepared, search } from './ours.ts';
import { compilePan, models, type Pan, panSeconds, removePan, WAYS } from './pan.ts';

const FACTS = specFacts(PLATFORMS[0]!, defaultOptions(PLATFORMS[0]!));

export type SizeName = keyof typeof MEASURED;

/** How often each is run in a turn, and how many turns there are. */
const PLAN: Readonly<Record<SizeName, { times: number; warm: number; turns: number }>> = {
  '1e5': { times: 20, warm: 40, turns: 9 },
  '1e6': { times: 2, warm: 6, turns: 5 },
  '1e7': { times: 1, warm: 2, turns: 3 },
};

export interface Row {
  readonly what: string;
  readonly states: number;
  readonly transitions: number;
  /** Processor seconds, the median of the turns. */
  readonly seconds: number;
}

export interface Measured {
  readonly name: SizeName;
  readonly size: Size;
  readonly properties: number;
  readonly rows: readonly Row[];
  /** Bytes a state: of all tables, and of them what is beyond the packed vector. */
  readonly bytes: number;
  readonly beyond: number;
  readonly nanosecondsPerTransition: number;
  /** States per second without properties, over those of the faster of the two full models. */
  readonly ratio: number;
  readonly judgedRatio: number;
  /** Spin's fastest way, which judges nothing, and its time over our reduced search with all properties. */
  readonly best: string;
  readonly bestRatio: number;
  /** Processor seconds before the first state: ours, and Spin's with the compiler. */
  readonly prepared: number;
  readonly compiled: number;
}

export const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

/** @throws Error when counts differ: then nothing was measured */
export function measure(name: SizeName): Measured {
  const size = MEASURED[name];
  const { times, warm, turns } = PLAN[name];
  const network = compose(scaled(size, V5.patches, FACTS));
  const properties = scaledProperties(size) as SafetyProperty[];
  const first = search(network, [], warm);
  const whole = search(network, properties, warm);
  const less = search(network, properties, warm, true);
  sameVerdicts(name, whole, less);
  const pans = WAYS.map((way) => compilePan(models(network, size), way, first.result.states));
  try {
    for (const pan of pans) sameCounts(name, first, pan);
    const timed = pans.map((pan) => ({ pan, once: panSeconds(pan, times) }));
    // What is compared in every turn: the two full models, and the fastest of all.
    const fastest = timed.reduce((a, b) => (b.once < a.once ? b : a)).pan;
    const compared = pans.filter((pan) => pans.indexOf(pan) < 2 || pan === fastest);
    const rounds = Array.from({ length: turns }, () => ({
      bare: search(network, [], times).seconds,
      judged: search(network, properties, times).seconds,
      reduced: search(network, properties, times, true).seconds,
      pans: compared.map((pan) => panSeconds(pan, times)),
    }));
    const full = (all: readonly number[]) => Math.min(all[0]!, all[1]!);
    const bare = median(rounds.map((round) => round.bare));
    const counts = { states: first.result.states, transitions: first.result.transitions };
    return {
      name,
      size,
      properties: properties.length,
      rows: [
        { what: 'ours, states only', ...counts, seconds: bare },
        {
          what: `ours, ${properties.length} properties`,
          ...counts,
          seconds: median(rounds.map(({ judged }) => judged)),
        },
        {
          what: `ours, ${properties.length} properties, reduced`,
          states: less.result.states,
          transitions: less.result.transitions,
          seconds: median(rounds.map(({ reduced }) => reduced)),
        },
        ...pans.map((pan, i) => ({
          what: pan.way.name,
          states: pan.states,
          transitions: pan.transitions,
          seconds: compared.includes(pan)
            ? median(rounds.map((round) => round.pans[compared.indexOf(pan)]!))
            : timed[i]!.once,
        })),
      ],
      ...memory(first),
      nanosecondsPerTransition: (bare / counts.transitions) * 1e9,
      ratio: median(rounds.map((round) => full(round.pans) / round.bare)),
      judgedRatio: median(rounds.map((round) => full(round.pans) / round.judged)),
      best: fastest.way.name,
      bestRatio: median(rounds.map((round) => round.pans[compared.indexOf(fastest)]! / round.reduced)),
      prepared: prepared(network, properties),
      compiled: fastest.compiled,
    };
  } finally {
    pans.forEach(removePan);
  }
}

function memory({ result }: Own): { bytes: number; beyond: number } {
  const bytes = result.bytes / result.states;
  return { bytes, beyond: bytes - result.words * 4 };
}

function sameCounts(name: string, { result }: Own, { way, states, transitions }: Pan): void {
  if (!way.full || (states === result.states && transitions === result.transitions)) return;
  throw new Error(
    `${name}, ${way.name}: ${states} states and ${transitions} transitions; ours has ${result.states} and ${result.transitions}`,
  );
}

function sameVerdicts(name: string, { result: a }: Own, { result: b }: Own): void {
  const text = (all: Own['result']) => all.verdicts.map((one) => `${one.name}: ${one.status}`).join('; ');
  if (text(a) !== text(b)) throw new Error(`${name}: ${text(a)} in full, and ${text(b)} when it is reduced`);
}

/** The network of a size, for other comparisons. */
export const sized = (size: Size): Network => compose(scaled(size, V5.patches, FACTS));
