/** Runs an exported model through Spin: what it counts, and how it judges each property. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LeadsTo, Network, Property } from '../src/lts/index.ts';
import { promela, promelaSwitch } from '../src/render/promela.ts';
import { fairnessFlag, promelaLiveness } from '../src/render/promela-liveness.ts';

const run = promisify(execFile);

/** What Spin says of a model. */
export interface SpinReport {
  readonly states: number;
  /** As Spin counts them: the initial state is one. */
  readonly transitions: number;
  /** By property: whether its assertion or claim was violated. */
  readonly violated: ReadonlyMap<string, boolean>;
}

/** Why Spin cannot be run here, or null if it can. */
export function spinMissing(): string | null {
  for (const tool of ['spin', 'cc']) {
    if (spawnSync(tool, [tool === 'spin' ? '-V' : '--version']).error !== undefined) {
      return `${tool} is not installed (Debian: apt-get install spin gcc libc6-dev)`;
    }
  }
  return null;
}

// One compilation judges all properties: which of them is meant is told to the running program.
const SELECTED = `#include <stdlib.h>
int selected;
__attribute__((constructor)) static void select_property(void) {
  const char *text = getenv("PROPERTY");
  selected = text ? atoi(text) : 0;
}
`;

/**
 * Counts in a run without claims, judges each property in a run of its own.
 * @param states how many states there should be, as far as the caller knows: room for the search's stack and table
 * @throws Error when Spin, the compiler or the verifier fails, or finds more, with what it said
 */
export async function runSpin(
  network: Network,
  properties: readonly Property[],
  states: number,
): Promise<SpinReport> {
  return inFolder(async (folder) => {
    const model = promela(network, properties, { title: network.name, command: 'scripts/spin.ts' });
    const bounds = boundsFor(states);
    const counting = await compile(folder, 'count', model, SAFETY);
    const counts = await runPan(folder, counting, 0, bounds);
    const judged = properties.filter(({ kind }) => kind !== 'leads-to');
    const pan = await compile(folder, 'judge', selectable(model, judged.map(promelaSwitch)), SAFETY);
    const violated = new Map<string, boolean>();
    for (const [n, { name }] of judged.entries()) {
      violated.set(name, numberIn(await runPan(folder, pan, n + 1, bounds), /errors: (\d+)/) > 0);
    }
    return {
      states: numberIn(counts, /(\d+) states, stored/),
      transitions: numberIn(counts, /(\d+) transitions \(=/),
      violated,
    };
  });
}

const SAFETY = ['-DSAFETY'];

/**
 * Whether Spin finds a run that violates a leads-to, on the model that is made for it.
 * @param states how many states the network has
 */
export async function spinFindsLasso(network: Network, property: LeadsTo, states: number): Promise<boolean> {
  return inFolder(async (folder) => {
    const model = promelaLiveness(network, property, { title: network.name, command: 'scripts/spin.ts' });
    const pan = await compile(folder, 'judge', model, [fairnessFlag(property)]);
    // A state can stand on the path several times: in each phase, and once for each process that is owed a step.
    const out = await runPan(folder, pan, 0, ['-a', '-f', ...boundsFor(20 * states)]);
    return numberIn(out, /errors: (\d+)/) > 0;
  });
}

/** The model, in which each switch is on when its number is the one that the running program is told. */
function selectable(model: string, switches: readonly string[]): string {
  const defines = switches.map((name, n) => `#define ${name} c_expr { selected == ${n + 1} }`);
  return ['c_decl { extern int selected; }', '#define JUDGE', ...defines, model].join('\n');
}

/** A path has a step of the model and one of the claim for each state at most; the table has room, and is no larger. */
const boundsFor = (states: number): string[] => [
  `-m${2 * states + 10_000}`,
  `-w${Math.max(12, Math.ceil(Math.log2(states)) + 1)}`,
];

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'ccdma-spin-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compile(
  folder: string,
  name: string,
  model: string,
  flags: readonly string[],
): Promise<string> {
  await writeFile(join(folder, 'model.pml'), model);
  await writeFile(join(folder, 'selected.c'), SELECTED);
  const options = { cwd: folder, encoding: 'utf8' as const };
  await run('spin', ['-a', 'model.pml'], options);
  // Most models are small: compiling them well would take longer than running them.
  const all = ['-O0', '-w', '-DNOREDUCE', '-DVECTORSZ=4096', ...flags];
  await run('cc', [...all, '-o', `./${name}`, 'pan.c', 'selected.c'], options);
  return `./${name}`;
}

async function runPan(
  folder: string,
  pan: string,
  property: number,
  bounds: readonly string[],
): Promise<string> {
  const { stdout } = await run(pan, [...bounds, '-E'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PROPERTY: String(property) },
    maxBuffer: 1 << 26,
  });
  const found = /errors: [1-9]/.test(stdout);
  if (!found && /max search depth too small|out of memory/i.test(stdout))
    throw new Error(`pan did not finish:\n${stdout}`);
  return stdout;
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`pan did not say ${pattern}:\n${text}`);
  return Number(found);
}
