/** What was measured, as text: rows for each size, and what had to be reached. */
import { cpus, loadavg } from 'node:os';
import type { Comparison, Run } from './library.ts';
import { rate } from './library.ts';
import type { Measured } from './spin.ts';

/** A number that had to be reached. */
export interface Goal {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  readonly reached: boolean;
}

/** The machine, in one line. */
export function machineText(spin: string): string {
  const all = cpus();
  return `${all[0]?.model.trim() ?? 'unknown'}, ${all.length} cores; Node ${process.versions.node}; ${spin}; load ${loadavg()[0]!.toFixed(1)} at the start`;
}

export function spinText({ name, size, properties, rows, ...rest }: Measured): string {
  const ours = rows[0]!;
  const lines = rows.map(({ what, states, transitions, seconds }) =>
    [
      `  ${what.padEnd(32)}`,
      String(states).padStart(9),
      String(transitions).padStart(10),
      `${digits(seconds)} s`.padStart(10),
      `${(states / seconds / 1e6).toFixed(2)} M/s`.padStart(11),
      `${(seconds / ours.seconds).toFixed(1)} x`.padStart(8),
    ].join(' '),
  );
  const head = `  ${''.padEnd(32)} ${'states'.padStart(9)} ${'steps'.padStart(10)} ${'processor'.padStart(10)} ${'states/s'.padStart(11)} ${'ours'.padStart(8)}`;
  return [
    `scalable, ${size.pools} pools, ${size.mappings} mappings (about ${name} states, ${properties} properties)`,
    head,
    ...lines,
    `  ${rest.bytes.toFixed(1)} bytes a state, ${rest.beyond.toFixed(1)} beyond the packed vector; ${rest.nanosecondsPerTransition.toFixed(1)} ns a step; ready to search after ${digits(rest.prepared)} s (Spin, with its compiler: ${digits(rest.compiled)} s)`,
  ].join('\n');
}

export function libraryText({ network, library, ours, oursFromMachines }: Comparison): string {
  const row = (what: string, run: Run) =>
    `  ${what.padEnd(32)} ${String(Math.round(rate(run))).padStart(9)} steps/s ${`${run.milliseconds.toFixed(1)} ms`.padStart(12)} ${`${(rate(run) / rate(library)).toFixed(0)} x`.padStart(8)}`;
  return [
    `${network}: ${ours.states} states, ${ours.transitions} steps, equal both ways`,
    row('@xstate/graph getAdjacencyMap', library),
    row('ours, explore', ours),
    row('ours, compile and explore, once', oursFromMachines),
  ].join('\n');
}

/** Everything that the engine has to reach, held against what was measured. */
export function goals(measured: readonly Measured[], compared: readonly Comparison[]): Goal[] {
  const of = (name: string) => measured.find((one) => one.name === name);
  const times = (what: string, number: number, wanted: number, over = false): Goal => ({
    what,
    measured: `${number.toFixed(1)} x`,
    wanted: `${over ? 'more than' : 'at least'} ${wanted} x`,
    reached: over ? number > wanted : number >= wanted,
  });
  const most = (what: string, number: number, wanted: number, unit: string): Goal => ({
    what,
    measured: `${number.toFixed(2)} ${unit}`,
    wanted: `at most ${wanted} ${unit}`,
    reached: number <= wanted,
  });
  const grows = (what: string, from: string, to: string, wanted: number, value: (m: Measured) => number) => {
    const [a, b] = [of(from), of(to)];
    return a === undefined || b === undefined
      ? []
      : [most(`${what}, ${from} to ${to}`, value(b) / value(a), wanted, 'x')];
  };
  return [
    ...measured.flatMap((m) => [
      times(`states per second over pan -DNOREDUCE, ${m.name}`, m.ratio, 3),
      times(`the same, with ${m.properties} properties judged, ${m.name}`, m.judgedRatio, 3),
      times(`time to verdict over the best of Spin (${m.best}), ${m.name}`, m.bestRatio, 1, true),
      most(`memory beyond the packed vector, ${m.name}`, m.beyond, 24, 'bytes'),
    ]),
    ...grows('memory per state', '1e5', '1e7', 1.5, ({ bytes }) => bytes),
    ...grows('time per step', '1e6', '1e7', 1.5, (m) => m.nanosecondsPerTransition),
    ...grows('time per step', '1e5', '1e7', 3, (m) => m.nanosecondsPerTransition),
    ...compared.map(({ network, ours, library }) =>
      times(`steps per second over @xstate/graph, ${network}`, rate(ours) / rate(library), 1000),
    ),
  ];
}

export function goalsText(all: readonly Goal[]): string {
  const width = Math.max(...all.map(({ what }) => what.length));
  return all
    .map(
      ({ what, measured, wanted, reached }) =>
        `  ${what.padEnd(width)} ${measured.padStart(12)}   ${wanted.padEnd(16)} ${reached ? 'reached' : 'NOT REACHED'}`,
    )
    .join('\n');
}

const digits = (seconds: number): string =>
  seconds < 0.1 ? seconds.toFixed(4) : seconds < 10 ? seconds.toFixed(3) : seconds.toFixed(1);
