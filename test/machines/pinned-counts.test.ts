/**
 * States and transitions of every system, as reviewed. No command writes this file: a number that changes here is
 * a change of the specification, and somebody says so.
 */
import { expect, test } from 'vitest';
import { checkSubject } from '../../src/conformance/subject.ts';
import type { Options } from '../../src/series/index.ts';
import { subject } from '../conformance/subjects.ts';

const NO_POOL: Partial<Options> = { 'coherent-pool': 'off' };
const TRUSTED: Partial<Options> = { device: 'trusted' };

/** Series, platform, options, states, transitions. */
const COUNTS: readonly [string, string, Partial<Options>, number, number][] = [
  ['v5', 'tdx', {}, 55022, 190687],
  ['v5', 'cca', {}, 42872, 146263],
  ['baseline', 'tdx', {}, 45398, 153439],
  ['baseline', 'cca', {}, 74507, 222103],
  ['prefix:17', 'cca', {}, 89495, 323056],
  ['without:17', 'tdx', {}, 45398, 153439],
  ['without:17', 'cca', {}, 35348, 117631],
  ['without:20', 'cca', {}, 89495, 323056],
  // No transient pool where a mapper that cannot block gets no shared memory.
  ['v5', 'tdx', NO_POOL, 3702, 12174],
  ['baseline', 'tdx', NO_POOL, 3702, 12174],
  // A device that does not suit the pools is refused at once, from patch 7 on.
  ['v5', 'tdx', TRUSTED, 9, 27],
  ['baseline', 'tdx', TRUSTED, 58022, 189615],
  ['baseline', 'cca', TRUSTED, 38098, 119116],
];

test.each(COUNTS)(
  'dynamic-pools, %s, %s, %j: %i states, %i transitions',
  (series, platform, options, states, transitions) => {
    const { graph } = checkSubject(subject(series, platform, options));
    expect(graph.complete).toBe(true);
    expect([graph.states, graph.transitions]).toEqual([states, transitions]);
  },
);
