import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compose, explore, type GlobalEvent, runPath } from '../../src/lts/index.ts';
import { pathThrough, transitionCover } from '../../src/paths/index.ts';
import { lockNetwork } from '../lts/examples.ts';
import { networks } from '../lts/random.ts';

const is = (label: string) => (event: GlobalEvent) => event.label === label;
const any = () => true;

test('two users of a lock: what was not seen between two acquisitions is filled in', () => {
  const graph = explore(compose(lockNetwork()));
  const { path, matched, reached } = pathThrough(graph, {
    seen: [is('acquire[by=b]'), is('acquire[by=a]')],
    unseen: any,
  });
  expect(path.map((e) => graph.network.events[e]!.label)).toEqual([
    'acquire[by=b]',
    'release[by=b]',
    'acquire[by=a]',
  ]);
  expect(matched).toEqual([0, -1, 1]);
  expect(reached).toBe(2);
});

test('what nobody may have missed is not filled in, and the path ends where it would be needed', () => {
  const graph = explore(compose(lockNetwork()));
  const through = pathThrough(graph, {
    seen: [is('acquire[by=b]'), is('acquire[by=a]')],
    unseen: ({ type }) => type !== 'release',
  });
  expect(through.reached).toBe(1);
  expect(through.path.length).toBe(1);
});

test('of any run, any part of its events leads back to a run that has them, no longer than the run', () => {
  fc.assert(
    fc.property(networks(), fc.array(fc.boolean(), { minLength: 5, maxLength: 40 }), (network, keep) => {
      const graph = explore(network);
      const [tour] = transitionCover(graph);
      if (tour === undefined) return;
      const run = tour.slice(0, keep.length);
      const seen = run.filter((_, i) => keep[i]);
      const { path, matched, reached } = pathThrough(graph, {
        seen: seen.map((event) => (other) => other.index === event),
        unseen: any,
      });
      expect(reached).toBe(seen.length);
      expect(path.length).toBeLessThanOrEqual(run.length);
      expect(matched.filter((n) => n >= 0)).toEqual(seen.map((_, i) => i));
      expect(path.filter((_, i) => matched[i]! >= 0)).toEqual(seen);
      runPath(network, path);
    }),
  );
});
