/**
 * States and transitions of every system, as reviewed. No command writes this file: a number that changes here is
 * a change of the specification, and somebody says so.
 */
import { expect, test } from 'vitest';
import type { Options } from '../../src/series/index.ts';
import { checked } from './known.ts';

const NO_POOL: Partial<Options> = { 'coherent-pool': 'off' };
const TRUSTED: Partial<Options> = { device: 'trusted' };

const RESTRICTED: Partial<Options> = { 'restricted-pool': 'on' };

/** System, series, platform, options, states, transitions. */
const COUNTS: readonly [string, string, string, Partial<Options>, number, number][] = [
  ['dynamic-pools', 'v5', 'sev', {}, 45302, 156069],
  ['dynamic-pools', 'v5', 'snp', {}, 47377, 152153],
  ['dynamic-pools', 'v5', 'tdx', {}, 55022, 190687],
  ['dynamic-pools', 'v5', 'vtom', {}, 61097, 207635],
  ['dynamic-pools', 'v5', 'cca', {}, 42872, 146263],
  ['dynamic-pools', 'v5', 'pkvm', {}, 40442, 137773],
  ['dynamic-pools', 'v5', 's390-pv', {}, 1788, 5178],
  ['dynamic-pools', 'v5', 'ppc-svm', {}, 2814, 8994],
  ['dynamic-pools', 'v5', 'sme', {}, 9, 27],
  ['dynamic-pools', 'v5', 'plain', {}, 5407, 17405],
  ['dynamic-pools', 'baseline', 'sev', {}, 37358, 125529],
  ['dynamic-pools', 'baseline', 'snp', {}, 38983, 122369],
  ['dynamic-pools', 'baseline', 'tdx', {}, 45398, 153439],
  ['dynamic-pools', 'baseline', 'vtom', {}, 50423, 167135],
  ['dynamic-pools', 'baseline', 'cca', {}, 74507, 222103],
  ['dynamic-pools', 'baseline', 'pkvm', {}, 33386, 104211],
  ['dynamic-pools', 'baseline', 's390-pv', {}, 1788, 5178],
  ['dynamic-pools', 'baseline', 'ppc-svm', {}, 2814, 8994],
  ['dynamic-pools', 'baseline', 'sme', {}, 33386, 104211],
  ['dynamic-pools', 'baseline', 'plain', {}, 8033, 23841],
  ['dynamic-pools', 'without:17', 'pkvm', {}, 33338, 110785],
  ['dynamic-pools', 'without:20', 'pkvm', {}, 76205, 271279],
  // Without it the device, which is confined, is served from private memory.
  ['dynamic-pools', 'without:1', 'pkvm', {}, 5407, 17405],
  // Without it the device is refused.
  ['dynamic-pools', 'without:2', 's390-pv', {}, 9, 27],
  // A device whose mask says that it cannot reach the C-bit is forced.
  ['dynamic-pools', 'v5', 'sme', { mask: '32' }, 40442, 137773],
  // No address that says shared fits in its mask.
  ['dynamic-pools', 'v5', 'cca', { mask: '32' }, 3405, 10788],
  ['dynamic-pools', 'prefix:17', 'cca', {}, 89495, 323056],
  ['dynamic-pools', 'without:17', 'tdx', {}, 45398, 153439],
  ['dynamic-pools', 'without:17', 'cca', {}, 35348, 117631],
  ['dynamic-pools', 'without:20', 'cca', {}, 89495, 323056],
  ['dynamic-pools', 'v5', 'tdx', NO_POOL, 3702, 12174],
  ['dynamic-pools', 'baseline', 'tdx', NO_POOL, 3702, 12174],
  ['dynamic-pools', 'v5', 'tdx', TRUSTED, 9, 27],
  ['dynamic-pools', 'baseline', 'tdx', TRUSTED, 58022, 189615],
  ['dynamic-pools', 'baseline', 'cca', TRUSTED, 38098, 119116],
  ['boot', 'v5', 'sev', {}, 108, 152],
  ['boot', 'v5', 'snp', {}, 115, 153],
  ['boot', 'v5', 'tdx', {}, 125, 176],
  ['boot', 'v5', 'vtom', {}, 133, 180],
  ['boot', 'v5', 'cca', {}, 78, 108],
  ['boot', 'v5', 'pkvm', {}, 74, 102],
  ['boot', 'v5', 's390-pv', {}, 54, 74],
  ['boot', 'v5', 'ppc-svm', {}, 85, 120],
  ['boot', 'v5', 'sme', {}, 137, 214],
  ['boot', 'v5', 'plain', {}, 62, 91],
  ['boot', 'baseline', 'sev', {}, 161, 262],
  ['boot', 'baseline', 'snp', {}, 173, 268],
  ['boot', 'baseline', 'tdx', {}, 196, 320],
  ['boot', 'baseline', 'vtom', {}, 211, 337],
  ['boot', 'baseline', 'cca', {}, 136, 226],
  ['boot', 'baseline', 'pkvm', {}, 128, 210],
  ['boot', 'baseline', 's390-pv', {}, 82, 122],
  ['boot', 'baseline', 'ppc-svm', {}, 117, 182],
  ['boot', 'baseline', 'sme', {}, 154, 246],
  ['boot', 'baseline', 'plain', {}, 78, 117],
  ['boot', 'without:18', 'sev', {}, 115, 168],
  ['boot', 'without:18', 'snp', {}, 121, 168],
  ['boot', 'without:18', 'tdx', {}, 140, 206],
  ['boot', 'without:18', 'vtom', {}, 149, 211],
  ['boot', 'without:18', 'cca', {}, 88, 128],
  ['boot', 'without:18', 'pkvm', {}, 84, 122],
  ['boot', 'without:18', 's390-pv', {}, 54, 74],
  ['boot', 'without:18', 'ppc-svm', {}, 85, 120],
  ['boot', 'without:18', 'sme', {}, 130, 204],
  ['boot', 'without:18', 'plain', {}, 62, 91],
  ['restricted-init', 'v5', 'cca', RESTRICTED, 621, 1625],
  ['restricted-init', 'v5', 'pkvm', RESTRICTED, 376, 993],
  ['restricted-init', 'baseline', 'cca', RESTRICTED, 738, 1835],
  ['restricted-init', 'baseline', 'pkvm', RESTRICTED, 622, 1529],
  ['atomic-pools', 'v5', 'sev', {}, 4644, 9164],
  ['atomic-pools', 'v5', 'snp', {}, 4384, 8196],
  ['atomic-pools', 'v5', 'tdx', {}, 5506, 10856],
  ['atomic-pools', 'v5', 'vtom', {}, 6588, 12804],
  ['atomic-pools', 'v5', 'cca', {}, 7028, 13656],
  ['atomic-pools', 'v5', 'pkvm', {}, 5084, 9880],
  ['atomic-pools', 'v5', 'sme', {}, 56, 57],
  ['atomic-pools', 'v5', 'plain', {}, 16, 17],
  ['atomic-pools', 'baseline', 'sev', {}, 4856, 9582],
  ['atomic-pools', 'baseline', 'snp', {}, 4596, 8614],
  ['atomic-pools', 'baseline', 'tdx', {}, 5718, 11274],
  ['atomic-pools', 'baseline', 'vtom', {}, 6800, 13222],
  ['atomic-pools', 'baseline', 'cca', {}, 6732, 13082],
  ['atomic-pools', 'baseline', 'pkvm', {}, 4892, 9490],
  ['atomic-pools', 'baseline', 'sme', {}, 56, 56],
  ['atomic-pools', 'baseline', 'plain', {}, 24, 24],
  ['atomic-pools', 'prefix:12', 'sev', {}, 4852, 9578],
  ['atomic-pools', 'prefix:12', 'snp', {}, 4592, 8610],
  ['atomic-pools', 'prefix:12', 'tdx', {}, 5714, 11270],
  ['atomic-pools', 'prefix:12', 'vtom', {}, 6796, 13218],
  ['atomic-pools', 'prefix:12', 'cca', {}, 7028, 13656],
  ['atomic-pools', 'prefix:12', 'pkvm', {}, 5084, 9880],
  ['atomic-pools', 'prefix:12', 'sme', {}, 56, 56],
  ['atomic-pools', 'prefix:12', 'plain', {}, 16, 16],
];

test.each(COUNTS)(
  '%s, %s, %s, %j: %i states, %i transitions',
  (system, series, platform, options, states, transitions) => {
    const { graph } = checked(system, series, platform, options);
    expect(graph.complete).toBe(true);
    expect([graph.states, graph.transitions]).toEqual([states, transitions]);
  },
);
