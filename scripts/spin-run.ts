/** Runs an exported model through Spin: what it counts, and how it judges each property. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Network, Property } from '../src/lts/index.ts';
import { promela, promelaSwitch } from '../src/render/promela.ts';

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
 * @throws Error when Spin, the compiler or the verifier fails, with what it said
 */
export function runSpin(
  network: Network,
  properties: readonly Property[],
  optimise: '-O0' | '-O1' = '-O1',
): SpinReport {
  const folder = mkdtempSync(join(tmpdir(), 'ccdma-spin-'));
  try {
    const model = promela(network, properties, { title: network.name, command: 'scripts/spin.ts' });
    const counts = verify(folder, 'count', model, optimise);
    const judged = properties.filter(({ kind }) => kind !== 'leads-to');
    const switches = judged.map(
      (property, n) => `#define ${promelaSwitch(property)} c_expr { selected == ${n + 1} }`,
    );
    const judging = ['c_decl { extern int selected; }', '#define JUDGE', ...switches, model].join('\n');
    const pan = compile(folder, 'judge', judging, optimise);
    const violated = new Map(
      judged.map(({ name }, n) => [name, numberIn(runPan(folder, pan, n + 1), /errors: (\d+)/) > 0]),
    );
    return {
      states: numberIn(counts, /(\d+) states, stored/),
      transitions: numberIn(counts, /(\d+) transitions \(=/),
      violated,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function verify(folder: string, name: string, model: string, optimise: string): string {
  return runPan(folder, compile(folder, name, model, optimise), 0);
}

function compile(folder: string, name: string, model: string, optimise: string): string {
  writeFileSync(join(folder, 'model.pml'), model);
  writeFileSync(join(folder, 'selected.c'), SELECTED);
  const options = { cwd: folder, encoding: 'utf8' as const };
  execFileSync('spin', ['-a', 'model.pml'], options);
  const flags = [optimise, '-w', '-DSAFETY', '-DNOREDUCE', '-DVECTORSZ=4096'];
  execFileSync('cc', [...flags, '-o', `./${name}`, 'pan.c', 'selected.c'], options);
  return `./${name}`;
}

function runPan(folder: string, pan: string, property: number): string {
  const out = execFileSync(pan, ['-m10000000', '-E'], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, PROPERTY: String(property) },
    maxBuffer: 1 << 26,
  });
  if (/max search depth too small|out of memory/i.test(out)) throw new Error(`pan did not finish:\n${out}`);
  return out;
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`pan did not say ${pattern}:\n${text}`);
  return Number(found);
}
