/**
 * States and transitions of every system, as reviewed. No command writes this file: a number that changes here is
 * a change of the specification, and somebody says so.
 */
import { expect, test } from 'vitest';
import type { Options } from '../../src/series/index.ts';
import { checked } from '../machines/known.ts';

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
  ['boot', 'v5', 'sev', {}, 112, 156],
  ['boot', 'v5', 'snp', {}, 119, 157],
  ['boot', 'v5', 'tdx', {}, 129, 180],
  ['boot', 'v5', 'vtom', {}, 137, 184],
  ['boot', 'v5', 'cca', {}, 82, 112],
  ['boot', 'v5', 'pkvm', {}, 78, 106],
  ['boot', 'v5', 's390-pv', {}, 58, 78],
  ['boot', 'v5', 'ppc-svm', {}, 89, 124],
  ['boot', 'v5', 'sme', {}, 143, 222],
  ['boot', 'v5', 'plain', {}, 68, 99],
  ['boot', 'baseline', 'sev', {}, 162, 263],
  ['boot', 'baseline', 'snp', {}, 174, 269],
  ['boot', 'baseline', 'tdx', {}, 197, 321],
  ['boot', 'baseline', 'vtom', {}, 212, 338],
  ['boot', 'baseline', 'cca', {}, 137, 227],
  ['boot', 'baseline', 'pkvm', {}, 129, 211],
  ['boot', 'baseline', 's390-pv', {}, 83, 123],
  ['boot', 'baseline', 'ppc-svm', {}, 118, 183],
  ['boot', 'baseline', 'sme', {}, 155, 247],
  ['boot', 'baseline', 'plain', {}, 79, 118],
  ['boot', 'without:18', 'sev', {}, 119, 172],
  ['boot', 'without:18', 'snp', {}, 125, 172],
  ['boot', 'without:18', 'tdx', {}, 144, 210],
  ['boot', 'without:18', 'vtom', {}, 153, 215],
  ['boot', 'without:18', 'cca', {}, 92, 132],
  ['boot', 'without:18', 'pkvm', {}, 88, 126],
  ['boot', 'without:18', 's390-pv', {}, 58, 78],
  ['boot', 'without:18', 'ppc-svm', {}, 89, 124],
  ['boot', 'without:18', 'sme', {}, 136, 212],
  ['boot', 'without:18', 'plain', {}, 68, 99],
  ['restricted-init', 'v5', 'cca', RESTRICTED, 620, 1624],
  ['restricted-init', 'v5', 'pkvm', RESTRICTED, 375, 992],
  ['restricted-init', 'baseline', 'cca', RESTRICTED, 737, 1834],
  ['restricted-init', 'baseline', 'pkvm', RESTRICTED, 621, 1528],
  ['atomic-pools', 'v5', 'sev', {}, 4613, 9123],
  ['atomic-pools', 'v5', 'snp', {}, 4323, 8097],
  ['atomic-pools', 'v5', 'tdx', {}, 5463, 10795],
  ['atomic-pools', 'v5', 'vtom', {}, 6505, 12671],
  ['atomic-pools', 'v5', 'cca', {}, 6889, 13419],
  ['atomic-pools', 'v5', 'pkvm', {}, 4997, 9735],
  ['atomic-pools', 'v5', 'sme', {}, 56, 57],
  ['atomic-pools', 'v5', 'plain', {}, 16, 17],
  ['atomic-pools', 'baseline', 'sev', {}, 4848, 9586],
  ['atomic-pools', 'baseline', 'snp', {}, 4558, 8560],
  ['atomic-pools', 'baseline', 'tdx', {}, 5698, 11258],
  ['atomic-pools', 'baseline', 'vtom', {}, 6740, 13134],
  ['atomic-pools', 'baseline', 'cca', {}, 6580, 12814],
  ['atomic-pools', 'baseline', 'pkvm', {}, 4780, 9294],
  ['atomic-pools', 'baseline', 'sme', {}, 56, 56],
  ['atomic-pools', 'baseline', 'plain', {}, 24, 24],
  ['atomic-pools', 'prefix:12', 'sev', {}, 4844, 9582],
  ['atomic-pools', 'prefix:12', 'snp', {}, 4554, 8556],
  ['atomic-pools', 'prefix:12', 'tdx', {}, 5694, 11254],
  ['atomic-pools', 'prefix:12', 'vtom', {}, 6736, 13130],
  ['atomic-pools', 'prefix:12', 'cca', {}, 6889, 13419],
  ['atomic-pools', 'prefix:12', 'pkvm', {}, 4997, 9735],
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
