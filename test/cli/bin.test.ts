/** bin/ccdma.js, as npx runs it. */
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const run = (...args: string[]) =>
  spawnSync(process.execPath, [resolve(root, 'bin/ccdma.js'), ...args], {
    encoding: 'utf8',
    // Elsewhere than in the clone: nothing may depend on where it is called.
    cwd: resolve(root, '..'),
    env: { ...process.env, COLUMNS: '80' },
  });

test('a finding is shown as a table, without colours where it is no terminal', () => {
  const { status, stdout, stderr } = run('replay', '--finding', 'pool-encrypted-in-softirq');
  expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
  expect(stdout).toMatch(/^19 +softirq +set_memory_encrypted/m);
  expect(stdout).not.toContain('\x1b');
});

test('wrong usage', () => {
  const { status, stdout, stderr } = run('check', '--platform', 'tdxx');
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toBe(
    "ccdma: unknown platform 'tdxx'; accepted: sev, snp, tdx, vtom, cca, pkvm, s390-pv, ppc-svm, sme, plain; nearest: tdx\n",
  );
});

test('threads work from there too', () => {
  const { status, stdout } = run('explore', '--platform', 'tdx', '--workload', 'search-fails');
  expect(status).toBe(0);
  expect(stdout).toMatch(/^search-fails +\d+ +\d+ +yes +none$/m);
});
