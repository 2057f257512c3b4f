/**
 * A leads-to as a Promela model of its own: a process for each fair set and one, `rest`, for all other events, so that
 * weak fairness of processes, which `pan -a -f` enforces, is weak fairness of the sets. `rest` may also do nothing at
 * all, for ever: what is in no fair set may be left undone, and a run that ends stays in its last state.
 *
 * An event of several sets stands in the process of each. The claim accepts a run that violates the property: from
 * some state on what should come never comes. Events that happen finitely often only may happen until `rest` says that
 * there are no more of them (`phase`); where some event must recur, each time it does `mark` changes.
 */
import type { GlobalEvent, LeadsTo, Network } from '../lts/index.ts';
import { comment, type PromelaHeading, PromelaWriter } from './promela-writer.ts';

/** Without events on the stem only there is no such point. */
const OPEN = 0;
const SETTLED = 1;
const BROKEN = 2;

/** What `pan` has to be compiled with, so that it has room for the processes of a property. */
export function fairnessFlag({ fair }: Pick<LeadsTo, 'fair'>): string {
  // Spin has room for four processes a unit, two of which it keeps; beside the sets there are `rest` and the claim.
  return `-DNFAIR=${Math.ceil((fair.length + 4) / 4)}`;
}

/** @throws PropertyError when the property cannot be written as a formula. */
export function promelaLiveness(
  network: Network,
  property: LeadsTo,
  { title, command }: PromelaHeading,
): string {
  const writer = new PromelaWriter(network);
  const sets = property.fair
    .map(({ name, event }) => ({ name, events: network.events.filter((one) => event(one)) }))
    .filter(({ events }) => events.length > 0);
  const fair = new Set(sets.flatMap(({ events }) => events));
  const stemOnly = (event: GlobalEvent) => property.onlyOnStem?.(event) === true;
  const settles = network.events.some(stemOnly);
  const recurs = property.recurring !== undefined;

  const inside = (event: GlobalEvent): string[] => {
    const changed = settles ? `(phase == ${SETTLED} -> 1 - mark : mark)` : '1 - mark';
    return [
      ...(settles && stemOnly(event) ? [`      phase = (phase == ${SETTLED} -> ${BROKEN} : phase);`] : []),
      ...(property.recurring?.(event) === true ? [`      mark = ${changed};`] : []),
    ];
  };
  const option = (event: GlobalEvent) => writer.option(event, inside(event));
  const from = writer.macro(
    'from',
    property,
    property.over,
    (...locals) => property.from(...locals) === true,
  );
  const to = writer.macro('to', property, property.over, (...locals) => property.to(...locals) === true);
  const processes = new Map(sets.map((set) => [set, writer.ids.of(`fair ${set.name}`)]));

  return [
    comment([
      `${title}: ${property.name}`,
      property.doc,
      `Written by: ${command}`,
      '',
      `Judge:  spin -a model.pml && cc -O2 -DNOREDUCE ${fairnessFlag(property)} -o pan pan.c && ./pan -a -f -m10000000`,
      '        An acceptance cycle is a run that violates the property.',
    ]),
    ...writer.declarations(),
    '',
    ...(settles
      ? [`byte phase = ${OPEN}; /* ${SETTLED}: no more of what is finitely often; ${BROKEN}: and yet */`]
      : []),
    ...(recurs ? ['bit mark = 0; /* changes when what must recur happens */'] : []),
    '',
    '/* from where on it must come, and what must come */',
    ...from.define,
    ...to.define,
    `#define begins (${from.text} && !${to.text})`,
    `#define misses !${to.text}`,
    '',
    ...claim(settles, recurs),
    ...sets.flatMap((set) => [
      '',
      `active proctype ${processes.get(set)}() { /* ${set.name} */`,
      '  do',
      ...set.events.map(option),
      '  od',
      '}',
    ]),
    '',
    'active proctype rest() {',
    '  do',
    ...network.events.filter((event) => !fair.has(event)).map(option),
    ...(settles ? [`  :: phase == ${OPEN} -> phase = ${SETTLED}`] : []),
    '  :: d_step { true -> skip }',
    '  od',
    '}',
    '',
  ].join('\n');
}

/** Accepts the runs from a state where it begins to where it is missing for ever. */
function claim(settles: boolean, recurs: boolean): string[] {
  const before = settles ? `phase == ${OPEN}` : 'true';
  const loop = settles ? `misses && phase == ${SETTLED}` : 'misses';
  const enter = recurs ? 'steady' : 'accept_steady';
  const waiting = [
    'never {',
    'waiting:',
    '  do',
    `  :: ${before}`,
    `  :: ${before} && begins -> goto ${settles ? 'missing' : enter}`,
    '  od;',
    ...(settles
      ? ['missing:', '  do', `  :: misses && ${before}`, `  :: ${loop} -> goto ${enter}`, '  od;']
      : []),
  ];
  if (!recurs) return [...waiting, 'accept_steady:', '  do', `  :: ${loop}`, '  od', '}'];
  // Accepting each time the mark has changed from 0 to 1.
  return [
    ...waiting,
    'steady:',
    '  do',
    `  :: ${loop} && mark == 0`,
    `  :: ${loop} && mark == 1 -> goto accept_changed`,
    '  od;',
    'accept_changed:',
    '  if',
    `  :: ${loop} && mark == 0 -> goto steady`,
    `  :: ${loop} && mark == 1 -> goto changed`,
    '  fi;',
    'changed:',
    '  do',
    `  :: ${loop} && mark == 0 -> goto steady`,
    `  :: ${loop} && mark == 1`,
    '  od',
    '}',
  ];
}
