/** Leads-to under weak fairness: lassos that can be walked, and a naive fixpoint that says the same. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check, compose, explore, type Graph, type LeadsTo } from '../../src/lts/index.ts';
import { getsIn, lockNetwork } from './examples.ts';
import { networks } from './random.ts';
import { leadsTo, leadsToChoices } from './random-properties.ts';

const acquires = (who: string) => ({
  name: `${who} acquires`,
  event: ({ type, params }: { type: string; params: object }) =>
    type === 'acquire' && (params as { by: string }).by === who,
});
const releases = (who: string) => ({
  name: `${who} releases`,
  event: ({ type, params }: { type: string; params: object }) =>
    type === 'release' && (params as { by: string }).by === who,
});
describe('two users and a lock', () => {
  const graph = explore(compose(lockNetwork()));

  test('without fairness nobody need ever move: the counterexample has no loop', () => {
    const [verdict] = check(graph, [getsIn()]);
    expect(verdict).toMatchObject({ status: 'fails', path: [] });
    expect(verdict!.counterexamples[0]).toMatchObject({ loop: [], site: '(nothing more happens)' });
  });

  test('weak fairness does not save b from an a that always comes first', () => {
    const [verdict] = check(graph, [getsIn(acquires('a'), releases('a'), acquires('b'), releases('b'))]);
    expect(verdict!.status).toBe('fails');
    const { loop } = verdict!.counterexamples[0]!;
    expect(loop!.map((e) => graph.network.events[e]!.label).sort()).toEqual([
      'acquire[by=a]',
      'release[by=a]',
    ]);
  });

  test('when a comes finitely often only, b gets in', () => {
    const fair = [releases('a'), acquires('b')];
    const property = { ...getsIn(...fair), onlyOnStem: acquires('a').event };
    expect(check(graph, [property])[0]!.status).toBe('holds');
  });

  test('runs in which nothing recurs are not judged', () => {
    const never: LeadsTo = { ...getsIn(), recurring: ({ type }) => type === 'nothing of this name' };
    expect(check(graph, [never])[0]!.status).toBe('holds');
  });
});

/** Emerson and Lei's fixpoint on sets of states, by the book: is there a fair path on which `to` never holds? */
function naive(graph: Graph, p: LeadsTo): boolean {
  const all = Array.from({ length: graph.states }, (_, s) => s);
  const at = (s: number) =>
    p.over.map((name) =>
      graph.localState(
        s,
        graph.network.instances.findIndex((i) => i.name === name),
      ),
    );
  const event = (t: number) => graph.network.events[graph.labels[t]!]!;
  const edges = (s: number) => {
    const out: { t: number; to: number }[] = [];
    for (let t = graph.offsets[s]!; t < graph.offsets[s + 1]!; t++) out.push({ t, to: graph.targets[t]! });
    return out;
  };
  const disabled = (s: number, f: number) => edges(s).every(({ t }) => !p.fair[f]!.event(event(t)));
  let z = new Set(all.filter((s) => !p.to(...at(s))));
  const loopEdges = (s: number) =>
    edges(s).filter(({ t, to }) => z.has(to) && p.onlyOnStem?.(event(t)) !== true);
  /** States of z with a way inside z, by edges of the loop or none, to where `goal` says yes. */
  const reach = (goal: (s: number) => boolean) => {
    const good = new Set([...z].filter(goal));
    for (let before = -1; before !== good.size; ) {
      before = good.size;
      for (const s of z) if (loopEdges(s).some(({ to }) => good.has(to))) good.add(s);
    }
    return good;
  };
  for (let before = -1; before !== z.size; ) {
    before = z.size;
    for (let f = 0; f < p.fair.length; f++) {
      z = reach((s) => disabled(s, f) || loopEdges(s).some(({ t }) => p.fair[f]!.event(event(t))));
    }
    if (p.recurring) z = reach((s) => loopEdges(s).some(({ t }) => p.recurring!(event(t))));
  }
  // From a state where it begins, along any steps while `to` does not hold, into such a loop.
  const bad = new Set(z);
  for (let before = -1; before !== bad.size; ) {
    before = bad.size;
    for (const s of all) if (!p.to(...at(s)) && edges(s).some(({ to }) => bad.has(to))) bad.add(s);
  }
  return all.some((s) => p.from(...at(s)) && bad.has(s));
}

test("random networks: the verdict is the fixpoint's, and each lasso is a fair run", () => {
  let fails = 0;
  fc.assert(
    fc.property(networks(3), leadsToChoices(11), (network, choice) => {
      const { from: a, to: b, fair: sets, onlyOnStem: stem, recurring: again } = choice;
      const graph = explore(network);
      const property = leadsTo(choice);
      const [verdict] = check(graph, [property]);
      expect(verdict!.status).toBe(naive(graph, property) ? 'fails' : 'holds');
      if (verdict!.status === 'holds') return;
      fails++;
      const { path, loop } = verdict!.counterexamples[0]!;
      let state = 0;
      let obliged = false;
      const look = () => {
        if (graph.localState(state, 0).index === b) obliged = false;
        else if (graph.localState(state, 0).index === a) obliged = true;
      };
      const step = (e: number) => {
        const t = graph.edge(state, e);
        expect(t).toBeGreaterThanOrEqual(0);
        state = graph.targets[t]!;
        look();
      };
      look();
      path.forEach(step);
      expect(obliged).toBe(true);
      const start = state;
      const seen = [graph.enabled(state)];
      for (const e of loop!) {
        step(e);
        expect(obliged).toBe(true);
        expect(e).not.toBe(stem);
        seen.push(graph.enabled(state));
      }
      expect(state).toBe(start);
      for (const set of sets) {
        const done =
          loop!.some((e) => set.includes(e)) || seen.some((on) => !on.some((e) => set.includes(e)));
        expect(done).toBe(true);
      }
      if (again !== null) expect(loop).toContain(again);
    }),
    { numRuns: 3000, seed: 1 },
  );
  expect(fails).toBeGreaterThan(100);
});
