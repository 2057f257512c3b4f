/** Wrong usage is one line that names the value, what is accepted and the nearest match; nothing is run. */
import { expect, test } from 'vitest';
import { shellWord } from '../../src/cli/usage.ts';
import { ccdma, words } from './run.ts';

test('a mistyped platform', async () => {
  expect(await ccdma(['check', '--platform', 'cac'])).toEqual({
    code: 2,
    out: '',
    err: "ccdma: unknown platform 'cac'; accepted: sev, snp, tdx, vtom, cca, pkvm, s390-pv, ppc-svm, sme, plain; nearest: cca\n",
  });
});

test.each([
  ['chekc', /unknown command 'chekc'; accepted: check, .*; nearest: check$/],
  [
    'check dynamic-pool',
    /unknown system 'dynamic-pool'; accepted: dynamic-pools, .*; nearest: dynamic-pools$/,
  ],
  ['check --series v6', /unknown series 'v6'; accepted: v5, baseline, prefix:K .*; nearest: v5$/],
  ['check --series basline', /unknown series 'basline'; .*; nearest: baseline$/],
  ['check --series prefix:21', /prefix:21: .* K is 0 to 20; nearest: prefix:20$/],
  ['check --series without:21', /without:21: .* N is 1 to 20; nearest: without:20$/],
  ['check --series without:6', /without:6: .* one of 1, 2, 3, 8, .*; nearest: without:8$/],
  ['check --option device=trustd', /unknown option 'device=trustd'; accepted: .*; nearest: device=trusted$/],
  ['check --option device', /unknown option 'device'; accepted: .*; nearest: device=untrusted$/],
  [
    'check --platform cca --option coherent-pool=off',
    /coherent-pool=off cannot be had on cca.*accepted there: /,
  ],
  [
    'check --platform tdx --option remap=on',
    /remap=on cannot be had on tdx: x86 never has .*accepted there: /,
  ],
  ['check --option swiotlb=farce', /unknown option 'swiotlb=farce'; accepted: .*; nearest: swiotlb=force$/],
  ['check --option device=trusted --option device=untrusted', /given as 'trusted' and as 'untrusted'/],
  ['check --maxstates 3', /unknown option '--maxstates'; accepted: .*; nearest: --max-states$/],
  ['check --max-states 0', /--max-states is '0'; accepted: a whole number from 1 .*; nearest: 1$/],
  ['check --max-states many', /--max-states is 'many'; accepted: a whole number/],
  ['check --series', /argument missing; see: ccdma check --help$/],
  ['check dynamic-pools again', /too many arguments/],
  ['explore --workload growh', /unknown workload 'growh'; accepted: .*; nearest: growth$/],
  ['explore --workload growth --expect', /leave --workload out$/],
  ['conform --against v4', /unknown value of --against 'v4'; accepted: own, v5; nearest: v5$/],
  ['diagram --format png', /unknown format 'png'; accepted: svg, mermaid, dot; nearest: svg$/],
  ['diagram --machine rcu', /unknown machine 'rcu'; accepted: .*; nearest: rcu-reader$/],
  ['diagram --series baseline', /give --machine or --property$/],
  ['replay', /nothing to replay is named; give one of --property, /],
  ['replay --path 1 --finding x', /--finding and --path are given; give one of/],
  ['replay dynamic-pools --path 1,x --platform cca', /--path has 'x'; accepted: whole numbers/],
  ['replay dynamic-pools --path 9999 --platform cca', /event number 9999; accepted here: 0 to \d+$/],
  [
    'replay dynamic-pools --path 0,0 --platform cca',
    /step 2 of 2, .*, cannot be taken: it is not offered by/,
  ],
  [
    'replay --path 0',
    /one subject is wanted, and \d+ are meant; give a system .*--platform \(sev, snp, .*, plain\)$/,
  ],
  ['export promla dynamic-pools', /unknown format 'promla'; accepted: .*; nearest: promela$/],
  ['export promela dynamic-pools', /give --platform/],
  ['export rv rcu-raeder', /unknown machine 'rcu-raeder'; .*; nearest: rcu-reader$/],
  ['export itf dynamic-pools --platform tdx', /say which with --property$/],
  [
    'replay dynamic-pools --property one-ownr --platform cca',
    /unknown property 'one-ownr'; .*; nearest: one-owner$/,
  ],
  [
    'replay dynamic-pools --property one-owner --site swiotlb_dynfree --platform cca',
    /nearest: swiotlb_dyn_free$/,
  ],
  ['replay --finding pool-encrypted-in-softrq', /nearest: pool-encrypted-in-softirq$/],
  ['replay --site __free_pages', /--site needs --property$/],
  ['replay --schedule 0', /--schedule needs --workload$/],
  ['replay --workload growth --schedule 99 --platform cca', /step 1 of the schedule is 99, but the possible/],
])('ccdma %s', async (line, message) => {
  const { code, out, err } = await ccdma(line.split(' '));
  expect(err.trimEnd()).toMatch(message);
  expect({ code, out, lines: err.trimEnd().split('\n').length }).toEqual({ code: 2, out: '', lines: 1 });
});

test('a platform that was not named and cannot have an option is left out, and that is said', async () => {
  const { code, out, err } = await ccdma(['check', 'dynamic-pools', '--option', 'xen=on']);
  // Not a usage error, whatever the check says.
  expect(code).not.toBe(2);
  expect(err).toMatch(/^left out: .*cca/m);
  expect(out).toMatch(/^dynamic-pools, v5, plain, xen=on$/m);
  expect(out).not.toMatch(/, cca/);
});

test('help has examples and the exit codes', async () => {
  const { code, out } = await ccdma(['--help'], 80);
  expect(code).toBe(0);
  expect(out).toMatch(/Exit codes:/);
  for (const name of [
    'check',
    'explore',
    'paths',
    'conform',
    'diagram',
    'replay',
    'simulate',
    'decide',
    'matrix',
    'export',
    'trace',
    'start',
  ]) {
    const help = await ccdma([name, '--help'], 80);
    expect(help.code).toBe(0);
    expect(help.out).toMatch(/Examples:\n {2}\$ npx ccdma/);
  }
});

test('words that need it are quoted for a shell, and come back as they were', () => {
  for (const text of ['swiotlb_dyn_free', '(deadlock)', 'one-owner: the atomic pool has lent pages']) {
    expect(words(shellWord(text))).toEqual([text]);
  }
  expect(shellWord('swiotlb_dyn_free')).toBe('swiotlb_dyn_free');
});
