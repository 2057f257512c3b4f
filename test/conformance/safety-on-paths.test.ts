/**
 * The safety properties are judged where a suite first takes a transition, and what was false before that step is
 * found out only where it matters. A judgement before and after every step of every path must find the same.
 */
import { describe, expect, test } from 'vitest';
import { conformPart, replayOnSimulator, suiteOf } from '../../src/conformance/conform.ts';
import { subject } from './subjects.ts';

describe.each([
  ['atomic-pools', 'baseline', 'tdx', { 'coherent-pool': 'off' }],
  ['atomic-pools', 'baseline', 'cca', { mask: '32' }],
  ['boot', 'v5', 'ppc-svm', {}],
  ['restricted', 'prefix:2', 'cca', {}],
  ['allocation-pages', 'prefix:6', 'pkvm', {}],
  ['allocation-pages', 'v5', 'ppc-svm', {}],
] as const)('%s, %s, %s %j', (system, series, platform, options) => {
  const one = subject(series, platform, options, system);
  const suite = suiteOf(one, one.series);

  test('what is false on the way is what a judgement before and after every step finds', () => {
    const { network, ...graph } = suite.graph;
    const taken = new Set<number>();
    const wanted = new Map<string, number>();
    for (const path of suite.paths) {
      const { steps, divergence } = replayOnSimulator(one, one.series, path);
      let state = 0;
      for (const [i, event] of path.slice(0, divergence?.step).entries()) {
        const transition = suite.graph.edge(state, event);
        state = graph.targets[transition]!;
        if (taken.has(transition)) continue;
        if (i + 1 !== divergence?.step) taken.add(transition);
        for (const { property, site } of steps[i]?.violated ?? []) {
          const key = `${property} ${site}`;
          wanted.set(key, Math.min(wanted.get(key) ?? Number.POSITIVE_INFINITY, i + 1));
        }
      }
    }
    const { safety } = conformPart(one, one.series, { suite });
    const found = safety.map(({ property, site, path }) => [`${property} ${site}`, path.length]);
    expect(found.sort()).toEqual([...wanted].sort());
  });
});
