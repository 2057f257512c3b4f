/**
 * Ours and Spin's, side by side, on the scalable system at three sizes: processor seconds, so that what else the
 * machine does counts less. Spin reads the exported model and one written by hand; counts must be equal.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { MEASURED, type Size, scaled, scaledProperties } from '../../machines/systems/scalable.ts';
import { specFacts } from '../../src/conformance/facts.ts';
import { compose, type Network, type SafetyProperty, verify } from '../../src/lts/index.ts';
import { promela } from '../../src/render/promela.ts';
import { defaultOptions, PLATFORMS, V5 } from '../../src/series/index.ts';
import { spinMissing } from '../spin-run.ts';

const REPEAT = 3;
const FACTS = specFacts(PLATFORMS[0]!, defaultOptions(PLATFORMS[0]!));
const HAND = resolve(import.meta.dirname, 'scalable.pml');

/** A hash table with room for all states, and no larger: both cost Spin time. */
const argumentsFor = (states: number): string[] => [
  '-m20000000',
  '-E',
  `-w${Math.ceil(Math.log2(states)) + 1}`,
];

interface Measured {
  readonly what: string;
  readonly states: number;
  readonly transitions: number;
  /** Processor seconds, the median of the runs. */
  readonly seconds: number;
  /** Bytes a state beyond the packed vector; of ours only. */
  readonly beyond?: number;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]!;

function ours(network: Network, properties: readonly SafetyProperty[]): Measured[] {
  const timed = <T>(run: () => T): { result: T; seconds: number } => {
    run();
    const times: number[] = [];
    let result = run();
    for (let n = 0; n < REPEAT; n++) {
      const before = process.cpuUsage();
      result = run();
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / 1e6);
    }
    return { result, seconds: median(times) };
  };
  const judged = timed(() => verify(network, properties));
  const { states, transitions, bytes, words } = judged.result;
  const bare = timed(() => verify(network, []));
  return [
    {
      what: 'ours, states only',
      states,
      transitions,
      seconds: bare.seconds,
      beyond: (bytes - states * words * 4) / states,
    },
    { what: `ours, ${properties.length} properties`, states, transitions, seconds: judged.seconds },
  ];
}

/** @param flags of the compiler @param spinFlags of Spin */
function spin(
  what: string,
  model: string,
  size: number,
  spinFlags: readonly string[],
  flags: readonly string[],
): Measured {
  const folder = mkdtempSync(join(tmpdir(), 'ccdma-bench-'));
  try {
    writeFileSync(join(folder, 'model.pml'), model);
    execFileSync('spin', ['-a', ...spinFlags, 'model.pml'], { cwd: folder, stdio: 'ignore' });
    execFileSync('cc', ['-O2', '-w', '-DSAFETY', ...flags, '-o', 'pan', 'pan.c'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const times: number[] = [];
    const out = execFileSync('./pan', argumentsFor(size), { cwd: folder, encoding: 'utf8' });
    for (let n = 0; n < REPEAT; n++) times.push(cpuSeconds(folder, size));
    const number = (pattern: RegExp) => Number(pattern.exec(out)![1]);
    return {
      what,
      states: number(/(\d+) states, stored/),
      transitions: number(/(\d+) transitions \(=/) - 1,
      seconds: median(times),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function cpuSeconds(folder: string, size: number): number {
  const script = `TIMEFORMAT='%U %S'; { time ./pan ${argumentsFor(size).join(' ')} >/dev/null 2>&1; } 2>&1`;
  const text = execFileSync('bash', ['-c', script], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [user, system] = text.trim().split(' ').map(Number) as [number, number];
  return user + system;
}

function measure(name: string, { pools, mappings }: Size): Measured[] {
  const size = { pools, mappings };
  const network = compose(scaled(size, V5.patches, FACTS));
  const properties = scaledProperties(size) as SafetyProperty[];
  const slots = Math.max(1, Math.floor((mappings - 1) / pools));
  const own = ours(network, properties);
  const { states } = own[0]!;
  const exported = promela(network, [], { title: 'scalable', command: 'npm run bench' });
  const hand = `#define P ${pools}\n#define M ${mappings}\n#define S ${slots}\n${readFileSync(HAND, 'utf8')}`;
  const rows = [
    ...own,
    spin('Spin, the export', exported, states, [], ['-DNOREDUCE']),
    spin('Spin, by hand', hand, states, ['-o3'], ['-DNOREDUCE']),
    spin('Spin, by hand, -DCOLLAPSE', hand, states, ['-o3'], ['-DNOREDUCE', '-DCOLLAPSE']),
  ];
  for (const row of rows) {
    if (row.states !== own[0]!.states || row.transitions !== own[0]!.transitions)
      throw new Error(
        `${name}, ${row.what}: ${row.states} states, ${row.transitions} transitions; ours has others`,
      );
  }
  return [...rows, spin('Spin, by hand, reduced', hand, states, [], [])];
}

/** Prints the table. Sizes: those that are named, or all. */
export function benchSpin(sizes: readonly string[]): void {
  const missing = spinMissing();
  if (missing !== null) {
    console.log(`Spin is not compared: ${missing}.`);
    return;
  }
  for (const [name, size] of Object.entries(MEASURED)) {
    if (sizes.length > 0 && !sizes.includes(name)) continue;
    const rows = measure(name, size);
    const best = Math.min(
      ...rows.filter(({ what }) => /^Spin, (the export|by hand)$/.test(what)).map(({ seconds }) => seconds),
    );
    console.log(
      `\nscalable, ${size.pools} pools, ${size.mappings} mappings (about ${name} states); processor seconds, median of ${REPEAT}`,
    );
    for (const { what, states, transitions, seconds, beyond } of rows) {
      const rate = `${(states / seconds / 1e6).toFixed(2)} M states/s`;
      const memory = beyond === undefined ? '' : `  ${beyond.toFixed(1)} bytes a state beyond the vector`;
      console.log(
        `  ${what.padEnd(28)} ${String(states).padStart(8)} states ${String(transitions).padStart(9)} transitions ${seconds.toFixed(2).padStart(7)} s  ${rate.padStart(16)}  ${(best / seconds).toFixed(2).padStart(6)} x Spin${memory}`,
      );
    }
  }
}
