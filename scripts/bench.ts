/**
 * `npm run bench`: the engine beside Spin and `@xstate/graph`, in one table; exit 1 when something that it has to reach
 * is not reached. Then lines of a trace log a second. All of it takes some eight minutes on two cores; `npm run bench -- 1e5 1e6`
 * leaves the rest out, `npm run bench -- traces` measures the logs alone.
 */
import { execFileSync } from 'node:child_process';
import { SYSTEMS } from '../machines/systems/index.ts';
import { DEFAULT_SIZE, MEASURED, scaled } from '../machines/systems/scalable.ts';
import { specFacts } from '../src/conformance/facts.ts';
import { defaultOptions, PLATFORMS, V5 } from '../src/series/index.ts';
import { compareLibrary } from './bench/library.ts';
import { seconds } from './bench/pan.ts';
import { measure, type SizeName } from './bench/spin.ts';
import { goals, goalsText, libraryText, machineText, spinText } from './bench/table.ts';
import { benchTraces } from './bench/traces.ts';
import { spinMissing } from './spin-run.ts';

const ROOT = new URL('..', import.meta.url).pathname;
const FACTS = specFacts(PLATFORMS[0]!, defaultOptions(PLATFORMS[0]!));

const named = process.argv.slice(2);
const unknown = named.filter((name) => !['library', 'traces'].includes(name) && !(name in MEASURED));
if (unknown.length > 0) {
  console.error(
    `unknown: ${unknown.join(', ')}; accepted: ${Object.keys(MEASURED).join(', ')}, library, traces`,
  );
  process.exit(2);
}
const wants = (name: string) => named.length === 0 || named.includes(name);
const missing = spinMissing();
const version =
  missing === null ? execFileSync('spin', ['-V'], { encoding: 'utf8' }).trim() : 'Spin is missing';
console.log(`${machineText(version)}\n`);

// First the library: the comparison from machines wants a cold process.
const compared = wants('library')
  ? [
      compareLibrary(SYSTEMS[0]!.network(V5.patches, FACTS), console.error),
      compareLibrary(scaled(DEFAULT_SIZE, V5.patches, FACTS), console.error),
    ]
  : [];
for (const one of compared) console.log(`${libraryText(one)}\n`);

const sizes = (Object.keys(MEASURED) as SizeName[]).filter(wants);
if (missing !== null && sizes.length > 0) console.log(`Spin is not compared: ${missing}.\n`);
const measured = (missing === null ? sizes : []).map((name) => {
  const one = measure(name);
  console.log(spinText(one));
  const cold = seconds(ROOT, `node --import tsx scripts/bench/cold.ts ${name}`);
  const best = one.rows.find(({ what }) => what === one.best)!;
  console.log(
    `  from nothing to verdicts: ours ${cold.toFixed(1)} s (TypeScript and machines compiled), Spin's best ${(one.compiled + best.seconds).toFixed(1)} s\n`,
  );
  return one;
});
const all = goals(measured, compared);
if (all.length > 0) console.log(goalsText(all));
if (wants('traces')) await benchTraces();
process.exitCode = all.every(({ reached }) => reached) ? 0 : 1;
