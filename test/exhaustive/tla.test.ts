/** TLA+ out: nothing goes out that nothing has read. The evaluator takes the module's steps and finds our graph. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { defaultSubject, networkOf, propertiesOf, subjectLabel } from '../../src/conformance/subject.ts';
import {
  check,
  compose,
  explore,
  type Graph,
  type LeadsTo,
  type Property,
  stateText,
} from '../../src/lts/index.ts';
import { tla } from '../../src/render/tla.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { getsIn, lockNetwork } from '../lts/examples.ts';
import { networks } from '../lts/random.ts';
import { exportedProperties, leadsTo, leadsToChoices, oneOf } from '../lts/random-properties.ts';
import { TlaModule } from '../render/tla-evaluator.ts';
import { violable } from '../render/tla-temporal.ts';

/** A module of more states is not walked whole. */
const MOST = 2_000;

const HEADING = { title: 'two users', command: 'a test' };

test('two users and a lock, as a module that can be read', () => {
  const { module, config } = tla(
    compose(lockNetwork()),
    [getsIn({ name: 'b acquires', event: ({ label }) => label === 'acquire[by=b]' })],
    HEADING,
  );
  expect(`${module}${config}`).toMatchInlineSnapshot(`
    "-------------------- MODULE two_users --------------------
    (*
     * two users: 3 machines, 8 events.
     * Written by: a test
     *)
    VARIABLES a, b, lock
    vars == <<a, b, lock>>

    TypeOK ==
      /\\ a \\in {"outside", "inside"}
      /\\ b \\in {"outside", "inside"}
      /\\ lock \\in {"free {by=nobody}", "held {by=a}", "held {by=b}"}

    Init ==
      /\\ a = "outside"
      /\\ b = "outside"
      /\\ lock = "free {by=nobody}"

    \\* acquire[by=a]: observation of a, mutex_lock
    do_acquire_by_a ==
      /\\ a = "outside"
      /\\ lock = "free {by=nobody}"
      /\\ a' = "inside"
      /\\ lock' = "held {by=a}"
      /\\ UNCHANGED <<b>>

    \\* release[by=a]: observation of a, mutex_unlock
    do_release_by_a ==
      /\\ a = "inside"
      /\\ lock = "held {by=a}"
      /\\ a' = "outside"
      /\\ lock' = "free {by=nobody}"
      /\\ UNCHANGED <<b>>

    \\* barge[by=a]: stimulus of world, barge
    do_barge_by_a ==
      /\\ FALSE
      /\\ UNCHANGED <<a, b, lock>>

    \\* leave[by=a]: stimulus of world, leave
    do_leave_by_a ==
      /\\ FALSE
      /\\ UNCHANGED <<a, b, lock>>

    \\* acquire[by=b]: observation of b, mutex_lock
    do_acquire_by_b ==
      /\\ b = "outside"
      /\\ lock = "free {by=nobody}"
      /\\ b' = "inside"
      /\\ lock' = "held {by=b}"
      /\\ UNCHANGED <<a>>

    \\* release[by=b]: observation of b, mutex_unlock
    do_release_by_b ==
      /\\ b = "inside"
      /\\ lock = "held {by=b}"
      /\\ b' = "outside"
      /\\ lock' = "free {by=nobody}"
      /\\ UNCHANGED <<a>>

    \\* barge[by=b]: stimulus of world, barge
    do_barge_by_b ==
      /\\ FALSE
      /\\ UNCHANGED <<a, b, lock>>

    \\* leave[by=b]: stimulus of world, leave
    do_leave_by_b ==
      /\\ FALSE
      /\\ UNCHANGED <<a, b, lock>>

    Next ==
      \\/ do_acquire_by_a
      \\/ do_release_by_a
      \\/ do_barge_by_a
      \\/ do_leave_by_a
      \\/ do_acquire_by_b
      \\/ do_release_by_b
      \\/ do_barge_by_b
      \\/ do_leave_by_b

    Fairness ==
      /\\ WF_vars(do_acquire_by_b) \\* b acquires

    Spec == Init /\\ [][Next]_vars /\\ Fairness

    \\* leads-to: b comes to work.
    b_gets_in_from_0 ==
      \\/ b = "outside"
    b_gets_in_to_0 ==
      \\/ b = "inside"
    b_gets_in == (b_gets_in_from_0 ~> b_gets_in_to_0)

    ==========================================================
    SPECIFICATION Spec
    CHECK_DEADLOCK FALSE
    INVARIANT TypeOK
    PROPERTY b_gets_in
    "
  `);
});

/** States of the graph as the module's, every step compared both ways, for the first states. */
function compare(graph: Graph, text: string, properties: readonly Property[], most: number): void {
  const read = new TlaModule(text);
  const { instances } = graph.network;
  const stateOf = (s: number) =>
    Object.fromEntries(instances.map((_, i) => [read.variables[i]!, stateText(graph.localState(s, i))]));
  expect(read.initial()).toEqual(stateOf(0));
  const verdicts = check(graph, properties);
  const reached = new Set<string>();
  for (let s = 0; s < Math.min(most, graph.expanded); s++) {
    const state = stateOf(s);
    const ours: string[] = [];
    for (let t = graph.offsets[s]!; t < graph.offsets[s + 1]!; t++)
      ours.push(JSON.stringify(stateOf(graph.targets[t]!)));
    const theirs = read
      .steps(state)
      .map(({ next }) =>
        JSON.stringify(Object.fromEntries(read.variables.map((name) => [name, next[name]]))),
      );
    expect(theirs).toEqual(ours);
    for (const { name } of properties) {
      const defined = name.replace(/[^A-Za-z0-9]+/g, '_');
      if (read.has(defined) && !read.holds(defined, state)) reached.add(name);
    }
  }
  if (most >= graph.states) {
    for (const { name, kind, path } of verdicts)
      if (kind !== 'leads-to') expect([name, reached.has(name)]).toEqual([name, path !== null]);
  }
}

test('random networks: the module takes the steps of the graph, and its invariants fail where ours do', () => {
  fc.assert(
    fc.property(networks(3), fc.tuple(fc.nat(2), fc.nat(2), fc.nat(3)), (network, choice) => {
      const properties = exportedProperties(network, choice);
      const graph = explore(network);
      compare(graph, tla(network, properties, HEADING).module, properties, graph.states);
    }),
    { numRuns: 60, seed: 5 },
  );
});

/** Systems as they are first and last of the series, where they are small enough to be walked whole. */
const small = SYSTEMS.flatMap((system) =>
  [BASELINE, V5].flatMap((series) => {
    const all = PLATFORMS.map((platform) => defaultSubject(system, series, platform))
      .map((subject) => ({ subject, graph: explore(networkOf(subject), { maxStates: MOST }) }))
      .filter(({ graph }) => graph.complete)
      .sort((a, b) => b.graph.states - a.graph.states);
    return all.slice(0, 1);
  }),
);

test.each(small.map((one) => ({ name: subjectLabel(one.subject), ...one })))(
  '$name, whole: the states and steps of the module are ours, and so are its verdicts',
  ({ subject, graph }) => {
    const properties = propertiesOf(subject);
    const { module } = tla(graph.network, properties, HEADING);
    compare(graph, module, properties, graph.states);
    const read = new TlaModule(module);
    for (const { name, kind, path } of check(graph, properties)) {
      if (kind !== 'leads-to') continue;
      const defined = name.replace(/[^A-Za-z0-9]+/g, '_').replace(/_$/, '');
      expect([name, violable(read, defined)]).toEqual([name, path !== null]);
    }
  },
);

test('every system is among them', () => {
  expect([...new Set(small.map(({ subject }) => subject.system))]).toEqual(SYSTEMS);
});

test('every system, first and last of the series: the first states have our steps', () => {
  for (const system of SYSTEMS) {
    for (const [series, platform] of [
      [V5, PLATFORMS[0]!],
      [BASELINE, PLATFORMS.at(-1)!],
    ] as const) {
      const subject = defaultSubject(system, series, platform);
      const network = networkOf(subject);
      const properties = propertiesOf(subject);
      const graph = explore(network, { maxStates: 400 });
      compare(graph, tla(network, properties, HEADING).module, properties, 150);
    }
  }
});

test('random networks: what must come is judged as ours, where no step of a set changes nothing', () => {
  let fails = 0;
  fc.assert(
    fc.property(networks(3), leadsToChoices(11), (network, choice) => {
      const graph = explore(network);
      // In TLA+ a step that changes nothing is no step of an action.
      for (let s = 0; s < graph.states; s++)
        for (let t = graph.offsets[s]!; t < graph.offsets[s + 1]!; t++) fc.pre(graph.targets[t] !== s);
      const property = leadsTo(choice);
      // Beside another with other fairness, it says for itself what it takes for granted.
      const other: LeadsTo = { ...property, name: 'other', fair: [{ name: 'g', event: oneOf(0, 1, 2) }] };
      const properties = choice.recurring === 0 ? [property] : [property, other];
      const read = new TlaModule(tla(network, properties, HEADING).module);
      const [verdict] = check(graph, properties);
      if (verdict!.status === 'fails') fails++;
      expect(violable(read, 'it_comes')).toBe(verdict!.status === 'fails');
    }),
    { numRuns: 300, seed: 2 },
  );
  expect(fails).toBeGreaterThan(10);
});

test('no step of a fair set, nor one that ends or recurs, changes nothing: else TLA+ would not see it', () => {
  for (const system of SYSTEMS) {
    for (const series of [BASELINE, V5]) {
      const { graph, subject } = small.find(
        (one) => one.subject.system === system && one.subject.series === series,
      )!;
      for (const property of propertiesOf(subject)) {
        if (property.kind !== 'leads-to') continue;
        const { fair, onlyOnStem, recurring } = property;
        const seen = [...fair.map(({ event }) => event), onlyOnStem, recurring];
        for (let s = 0; s < graph.states; s++)
          for (let t = graph.offsets[s]!; t < graph.offsets[s + 1]!; t++) {
            const event = graph.network.events[graph.labels[t]!]!;
            if (graph.targets[t] === s && seen.some((is) => is?.(event) === true))
              expect(`${subjectLabel(subject)}: ${event.label}`).toBe('a step that changes something');
          }
      }
    }
  }
});
