/**
 * `npm run bench`: enabled transitions a second, ours and `@xstate/graph`'s, on the largest size of the system
 * that the library finishes within a minute; then lines of a trace log a second.
 */
import { SYSTEMS } from '../machines/systems/index.ts';
import { specFacts } from '../src/conformance/facts.ts';
import { compose, explore, type Network, type NetworkDef } from '../src/lts/index.ts';
import { defaultOptions, PLATFORMS, V5 } from '../src/series/index.ts';
import {
  benchNetwork,
  type Comparison,
  type Run,
  rate,
  runFromMachines,
  runLibrary,
} from './bench/compare.ts';
import { firstInstances } from './bench/shrink.ts';
import { benchSpin } from './bench/spin.ts';
import { toyNetwork } from './bench/toy.ts';
import { benchTraces } from './bench/traces.ts';

const MINUTE_MS = 60_000;
const SAMPLE_MS = 3_000;
/** The library slows down as its map grows: a prediction from its first seconds is too hopeful by about this. */
const SLOWS_BY = 1.15;
/** Which graph is measured: the whole series on the first platform. */
const PLATFORM = PLATFORMS[0]!;
const FACTS = specFacts(PLATFORM, defaultOptions(PLATFORM));

/** The sizes of a network that stay small enough to try, largest first. */
function sizes(network: Network): { network: Network; keep: number; states: number }[] {
  const all = network.instances.map((_, dropped) => {
    const keep = network.instances.length - dropped;
    const smaller = firstInstances(network, keep);
    const graph = explore(smaller, { maxStates: 500_000 });
    return { network: smaller, keep, states: graph.complete ? graph.states : Number.POSITIVE_INFINITY };
  });
  return all.filter(({ states }) => states < Number.POSITIVE_INFINITY).sort((a, b) => b.states - a.states);
}

function compare(def: NetworkDef): Comparison {
  const coldStart = runFromMachines(def, (network) => network);
  console.log(`${def.name}: whole, first time, from machines: ${show(coldStart)}`);
  for (const { network, keep, states } of sizes(compose(def))) {
    const sampled = { states: 0, transitions: 0 };
    const sample = runLibrary(network, SAMPLE_MS, sampled);
    const predicted = sample?.milliseconds ?? ((SAMPLE_MS * states) / sampled.states) * SLOWS_BY;
    const seconds = (predicted / 1000).toFixed(0);
    if (predicted > MINUTE_MS) {
      console.log(`  ${network.name}: ${states} states; the library would need some ${seconds} s`);
      continue;
    }
    console.log(`  ${network.name}: ${states} states; running the library, some ${seconds} s`);
    const compared = benchNetwork(network, MINUTE_MS);
    if (compared === null) continue;
    return { ...compared, oursFromMachines: runFromMachines(def, (whole) => firstInstances(whole, keep)) };
  }
  throw new Error(`${def.name}: the library finishes no size of it within a minute`);
}

function report({ network, library, ours, oursFromMachines }: Comparison): void {
  const times = (run: Run) => `${(rate(run) / rate(library)).toFixed(0)} times`;
  console.log(
    `\n${network}: ${ours.states} states, ${ours.transitions} enabled transitions, equal both ways`,
  );
  console.log(`  @xstate/graph getAdjacencyMap   ${show(library)}`);
  console.log(`  ours, explore (median)          ${show(ours)}   ${times(ours)}`);
  console.log(`  ours, compile + explore         ${show(oursFromMachines)}   ${times(oursFromMachines)}\n`);
}

function show(run: Run): string {
  const perSecond = Math.round(rate(run)).toString().padStart(9);
  return `${perSecond} transitions/s (${run.milliseconds.toFixed(1)} ms)`;
}

// `--traces` measures the reading and judging of trace logs, and nothing else.
const traces = process.argv.includes('--traces');
const toy = process.argv.includes('--toy');
const defs = toy ? [toyNetwork(6)] : [SYSTEMS[0]!.network(V5.patches, FACTS)];
if (!process.argv.includes('--spin') && !traces) for (const def of defs) report(compare(def));

// `--spin 1e5 1e6` compares with Spin alone, on those sizes.
if (process.argv.includes('--spin') || !(toy || traces))
  benchSpin(process.argv.filter((word) => /^1e\d$/.test(word)));

if (traces || !(toy || process.argv.includes('--spin'))) await benchTraces();
