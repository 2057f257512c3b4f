/** Spin on the scalable system: models, compiled verifiers, and what a run of one takes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Size } from '../../machines/systems/scalable.ts';
import type { Network } from '../../src/lts/index.ts';
import { promela } from '../../src/render/promela.ts';

const HAND = resolve(import.meta.dirname, 'scalable.pml');

/** A way to compile a model. */
export interface Way {
  readonly name: string;
  readonly hand: boolean;
  /** Without partial-order reduction: every state and transition. */
  readonly full: boolean;
  readonly collapse: boolean;
}

const way = (hand: boolean, full: boolean, collapse: boolean): Way => ({
  name: `pan, ${hand ? 'by hand' : 'the export'}${full ? '' : ', reduced'}${collapse ? ', -DCOLLAPSE' : ''}`,
  hand,
  full,
  collapse,
});

/** The first two are what states per second are compared with; the best of all is Spin's time to a verdict. */
export const WAYS: readonly Way[] = [
  way(false, true, false),
  way(true, true, false),
  way(true, true, true),
  way(true, false, false),
  way(true, false, true),
];

export interface Pan {
  readonly way: Way;
  readonly folder: string;
  readonly states: number;
  readonly transitions: number;
  /** Processor seconds of `spin -a` and of the compiler. */
  readonly compiled: number;
  readonly arguments: readonly string[];
}

/** What Spin is asked about the model. */
export function models(network: Network, { pools, mappings }: Size): { export: string; hand: string } {
  const slots = Math.max(1, Math.floor((mappings - 1) / pools));
  return {
    export: promela(network, [], { title: 'scalable', command: 'npm run bench' }),
    hand: `#define P ${pools}\n#define M ${mappings}\n#define S ${slots}\n${readFileSync(HAND, 'utf8')}`,
  };
}

/**
 * Compiles a model, and runs it once: for the counts, and to give it a stack no deeper than it needs (`-m`), which
 * otherwise costs it half a second, and a hash table (`-w`) with as many slots as there are states.
 * @param states how many there are, about
 */
export function compilePan(text: { export: string; hand: string }, one: Way, states: number): Pan {
  const folder = mkdtempSync(join(tmpdir(), 'ccdma-bench-'));
  writeFileSync(join(folder, 'model.pml'), one.hand ? text.hand : text.export);
  // Without -o3 Spin merges statements of the hand-written model, and has fewer states than it was asked for.
  const merge = one.hand && one.full ? '-o3' : '';
  const flags = `${one.full ? '-DNOREDUCE' : ''} ${one.collapse ? '-DCOLLAPSE' : ''}`;
  const compiled = seconds(
    folder,
    `{ spin -a ${merge} model.pml && cc -O2 -w -DSAFETY ${flags} -o pan pan.c; }`,
  );
  const width = Math.max(16, Math.ceil(Math.log2(states)));
  const args = (depth: number) => [`-m${depth}`, '-E', `-w${width}`];
  const out = execFileSync('./pan', args(20_000_000), { cwd: folder, encoding: 'utf8' });
  const number = (pattern: RegExp) => Number(pattern.exec(out)![1]);
  return {
    way: one,
    folder,
    states: number(/(\d+) states, stored/),
    // It counts the initial state.
    transitions: number(/(\d+) transitions \(=/) - 1,
    compiled,
    arguments: args(number(/depth reached (\d+)/) + 1000),
  };
}

/** Processor seconds of a run, of so many runs on average. */
export function panSeconds({ folder, arguments: args }: Pan, times: number): number {
  return (
    seconds(folder, `for n in $(seq ${times}); do ./pan ${args.join(' ')} >/dev/null 2>&1; done`) / times
  );
}

export function removePan({ folder }: Pan): void {
  rmSync(folder, { recursive: true });
}

/** Processor seconds of a shell command with all that it starts. */
export function seconds(cwd: string, command: string): number {
  const text = execFileSync(
    'bash',
    ['-c', `TIMEFORMAT='%U %S'; { time { ${command}; } >/dev/null 2>&1; } 2>&1`],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
    },
  );
  const [user, system] = text.trim().split('\n').at(-1)!.split(' ').map(Number) as [number, number];
  return user + system;
}
