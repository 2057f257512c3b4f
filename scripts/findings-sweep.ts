/**
 * `npm run findings`: checks every system of the specification on every platform with every series and every
 * combination of the options that make a difference to it, and holds what fails against the list of findings.
 *
 *     npm run findings -- [--conform] [--system NAME]… [--platform NAME]… [--propose] [--json FILE]
 *
 * `--conform` runs the simulator in lockstep with the machines instead: bound systems only, and much longer.
 * `--propose` prints for everything that fails a predicate that is true in exactly those situations, as an
 * alternative for src/series/findings.json. Exit code 1 when the list is not exact.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { SYSTEMS } from '../machines/systems/index.ts';
import { isBound } from '../src/conformance/bindings.ts';
import { startThread } from '../src/conformance/thread.ts';
import { PLATFORMS } from '../src/series/index.ts';
import { cover } from './findings/cover.ts';
import type { ShareTask, Situated } from './findings/judge.ts';

const { values } = parseArgs({
  options: {
    system: { type: 'string', multiple: true },
    platform: { type: 'string', multiple: true },
    conform: { type: 'boolean', default: false },
    propose: { type: 'boolean', default: false },
    json: { type: 'string' },
    from: { type: 'string' },
  },
});

const situated = values.from === undefined ? await sweep() : JSON.parse(readFileSync(values.from, 'utf8'));
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(situated)}\n`);
if (values.propose) propose(situated);
process.exitCode = report(situated);

async function sweep(): Promise<Situated[]> {
  const instrument = values.conform ? 'conform' : 'check';
  const tasks = SYSTEMS.filter(({ name }) => values.system?.includes(name) ?? true)
    .filter(({ name }) => !values.conform || isBound(name))
    .flatMap(({ name: system }) =>
      PLATFORMS.filter(({ name }) => values.platform?.includes(name) ?? true).map(
        ({ name: platform }): ShareTask => ({ instrument, system, platform }),
      ),
    );
  const results = new Array<Situated[]>(tasks.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    const thread = startThread(new URL('./findings/judge.ts', import.meta.url));
    try {
      while (next < tasks.length) {
        const index = next++;
        const { system, platform } = tasks[index]!;
        results[index] = await new Promise((resolve, reject) => {
          thread.once('message', (message: Situated[]) => {
            thread.off('error', reject);
            resolve(message);
          });
          thread.once('error', reject);
          thread.postMessage(tasks[index]);
        });
        console.error(`${system}, ${platform}: ${results[index]!.length} situations`);
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, worker));
  return results.flat();
}

/** For each system and everything that fails in it: where, as a predicate. */
function propose(all: readonly Situated[]): void {
  for (const system of new Set(all.map((one) => one.system))) {
    const universe = all.filter((one) => one.system === system);
    const failing = grouped(
      universe.flatMap((one) => one.failures.map((failure) => ({ failure, one }))),
      ({ failure }) => failure,
    );
    for (const [failure, where] of failing) {
      console.log(`\n${system}: ${failure}, in ${where.length} of ${universe.length} situations`);
      const cubes = coverOf(system, universe, new Set(where.map(({ one }) => one)));
      for (const cube of cubes) console.log(`  ${JSON.stringify({ systems: [system], ...cube })}`);
    }
  }
}

/** By the patches that act in the system, if they tell; what the simulator does may hang on others. */
function coverOf(system: string, universe: readonly Situated[], fails: ReadonlySet<Situated>) {
  const { patches } = SYSTEMS.find(({ name }) => name === system)!;
  const at = ({ platform, options, acting }: Situated, speakOf: readonly number[]) =>
    JSON.stringify([platform, options, acting.filter((patch) => speakOf.includes(patch))]);
  const failing = new Set([...fails].map((one) => at(one, patches)));
  const told = universe.every((one) => fails.has(one) === failing.has(at(one, patches)));
  return cover(universe, fails, fails, told ? patches : undefined);
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}

function report(all: readonly Situated[]): number {
  const count = (of: (one: Situated) => readonly string[], what: string): number => {
    const wrong = grouped(
      all.flatMap((one) => of(one).map((text) => ({ text, one }))),
      ({ text }) => text,
    );
    for (const [text, where] of wrong) {
      const { system, platform, acting, options } = where[0]!.one;
      const chosen = Object.entries(options).map(([name, value]) => `${name}=${value}`);
      console.log(
        `${what}: ${text}, in ${where.length} situations; first: ${system}, ${platform}, patches ${acting.join(' ') || 'none'} of its own, ${chosen.join(' ')}`,
      );
    }
    return wrong.size;
  };
  const wrong =
    count(({ unlisted }) => unlisted, 'not listed') +
    count(({ missing }) => missing, 'listed, and not there');
  console.log(`${all.length} situations${wrong === 0 ? ': as listed' : ''}`);
  return wrong === 0 ? 0 : 1;
}
