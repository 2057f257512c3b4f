/** paths, explore, conform, diagram, replay: the commands as a user runs them, each on something small. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ccdma, paste, schemaOf } from './run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccdma-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A small subject: some hundred transitions. */
const SMALL = ['restricted', '--platform', 'cca'];

describe('paths', () => {
  const out = join(folder, 'paths');

  test('covers every transition and writes a file that replay reads', async () => {
    const ran = await ccdma(['paths', ...SMALL, '--out', out]);
    expect(ran.code).toBe(0);
    const [, covered, total] = /take (\d+) of (\d+) transitions/.exec(ran.out.replace(/\s+/g, ' '))!;
    expect(covered).toBe(total);
    const [file] = readdirSync(out);
    expect(file).toBe('restricted-v5-cca.json');
    const replayed = await ccdma(['replay', '--file', join(out, file!), '--index', '1', '--simulate']);
    expect(replayed.out).toMatch(/No safety property is violated on this path/);
    expect(replayed.out.replace(/\s+/g, ' ')).toMatch(/The simulated kernel took every step/);
    expect(replayed.code).toBe(0);
  });

  test('JSON follows its schema', async () => {
    const validate = schemaOf('paths');
    const { out: text } = await ccdma(['paths', ...SMALL, '--json']);
    expect(validate(JSON.parse(text)), JSON.stringify(validate.errors)).toBe(true);
  });

  test('writes nothing when a bound was hit', async () => {
    const nowhere = join(folder, 'nowhere');
    const ran = await ccdma(['paths', ...SMALL, '--max-states', '10', '--out', nowhere]);
    expect(ran.code).toBe(3);
    expect(ran.out).toMatch(/Nothing is written: a bound was hit/);
    expect(readdirSync(folder)).not.toContain('nowhere');
  });

  test('a folder that cannot be written to is wrong usage, and leaves nothing behind', async () => {
    const taken = join(folder, 'taken');
    writeFileSync(taken, 'a file');
    const ran = await ccdma(['paths', ...SMALL, '--out', taken]);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(/^ccdma: cannot write to .*taken: .*\n$/);
    expect(readFileSync(taken, 'utf8')).toBe('a file');
  });

  test.each([
    ['truncated', (text: string) => text.slice(0, text.length / 2), /it is truncated; generate it again/],
    [
      'of another version',
      (text: string) => text.replace('"version": 1', '"version": 2'),
      /has schema version 2; this program reads version 1/,
    ],
    [
      'of another format',
      (text: string) => text.replace('ccdma-paths', 'paths'),
      /has format "paths"; expected "ccdma-paths"/,
    ],
    [
      'of a system that has changed',
      (text: string) => text.replace(/"hash": "[0-9a-f]{8}/, '"hash": "00000000'),
      /graph hash 00000000.*, the system now has .*; generate the paths again/,
    ],
    [
      'of a system that is gone',
      (text: string) => text.replace('"system": "restricted"', '"system": "static-pools"'),
      /unknown system 'static-pools'; accepted: dynamic-pools, /,
    ],
    ['edited', (text: string) => text.replace(/"steps": \d+/, '"steps": 1'), /it was cut or edited/],
  ])('a file that is %s is refused', async (_, change, message) => {
    const [name] = readdirSync(out);
    const file = join(folder, 'changed.json');
    writeFileSync(file, change(readFileSync(join(out, name!), 'utf8')));
    const ran = await ccdma(['replay', '--file', file, '--index', '1']);
    expect(ran).toMatchObject({ code: 2, out: '' });
    expect(ran.err).toMatch(message);
    expect(ran.err.trimEnd().split('\n')).toHaveLength(1);
  });

  test('a file for another platform than the one that is asked for, a path that is not in it', async () => {
    const file = join(out, readdirSync(out)[0]!);
    const other = await ccdma(['replay', 'restricted', '--platform', 'tdx', '--file', file, '--index', '1']);
    expect(other.err).toMatch(/is for platform 'cca', not 'tdx'/);
    const beyond = await ccdma(['replay', '--file', file, '--index', '99999']);
    expect(beyond.err).toMatch(/--index is '99999'; accepted: a whole number from 1 to \d+/);
    expect([other.code, beyond.code]).toEqual([2, 2]);
  });
});

describe('explore', () => {
  test('finds violations without the specification; the replay command works as pasted', async () => {
    const ran = await ccdma([
      'explore',
      '--series',
      'baseline',
      '--platform',
      'cca',
      '--workload',
      'search-fails',
    ]);
    expect(ran.code).toBe(1);
    const lines = ran.out.split('\n').filter((line) => line.startsWith('  npx ccdma replay'));
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) {
      const again = await paste(line);
      expect(again.code).toBe(1);
      expect(again.out).toMatch(/^Step \d+ violates [a-z-]+ in /m);
    }
  });

  test('JSON follows its schema, with one entry for each workload', async () => {
    const workloads = ['--workload', 'map', '--workload', 'alloc'];
    const { code, out } = await ccdma(['explore', '--platform', 'tdx', ...workloads, '--json']);
    const data = JSON.parse(out);
    const validate = schemaOf('explore');
    expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
    expect(data.results.map(({ workload }: { workload: string }) => workload)).toEqual(['map', 'alloc']);
    expect(code).toBe(0);
  });

  test('a bound', async () => {
    const ran = await ccdma([
      'explore',
      '--platform',
      'tdx',
      '--workload',
      'search-fails',
      '--max-states',
      '50',
    ]);
    expect(ran.code).toBe(3);
  });
});

describe('conform', () => {
  test('the kernel of the whole series does as its machines say; JSON follows its schema', async () => {
    const { code, out } = await ccdma(['conform', ...SMALL, '--json']);
    const data = JSON.parse(out);
    const validate = schemaOf('conform');
    expect(validate(data), JSON.stringify(validate.errors)).toBe(true);
    expect(data.results[0].covered).toBe(data.results[0].transitions);
    expect(code).toBe(0);
  });

  test('a kernel without the series does not do as the intended machines say; the replay shows where', async () => {
    const { code, out } = await ccdma(['conform', ...SMALL, '--series', 'baseline', '--against', 'v5']);
    expect(code).toBe(1);
    const line = out.split('\n').find((text) => text.startsWith('  npx ccdma replay'))!;
    const again = await paste(line);
    expect(again.out.replace(/\s+/g, ' ')).toMatch(/They part at step \d+|differs: expected/);
  });

  test('a bound: nothing is run', async () => {
    const { code, out } = await ccdma(['conform', ...SMALL, '--max-states', '10']);
    expect(code).toBe(3);
    expect(out).toMatch(/not run\. A bound was hit/);
  });
});

describe('diagram', () => {
  test('one machine, in each format', async () => {
    const draw = async (format: string) =>
      (await ccdma(['diagram', '--machine', 'rcu-reader', '--format', format])).out;
    expect(await draw('mermaid')).toMatch(/^---\ntitle: "rcu-reader/);
    expect(await draw('svg')).toMatch(/^<svg /);
    expect(await draw('dot')).toMatch(/digraph/);
  });

  test('one counterexample; where there is none, that is said', async () => {
    const args = ['--property', 'one-owner', '--format', 'mermaid'];
    const bad = await ccdma([
      'diagram',
      'dynamic-pools',
      '--series',
      'baseline',
      '--platform',
      'cca',
      ...args,
    ]);
    expect(bad.code).toBe(1);
    expect(bad.out).toMatch(/sequenceDiagram/);
    const good = await ccdma(['diagram', 'dynamic-pools', '--platform', 'cca', ...args]);
    expect(good).toMatchObject({ code: 0, out: '' });
    expect(good.err).toMatch(/there is no counterexample to draw/);
  });
});

describe('replay', () => {
  test.each([
    ['a finding, also on the simulator', ['--finding', 'pool-encrypted-in-softirq', '--simulate'], 1],
    ['a property that holds', ['dynamic-pools', '--platform', 'cca', '--property', 'one-owner'], 0],
    ['a schedule', ['--platform', 'cca', '--workload', 'growth', '--schedule', '0,0,0'], 0],
  ])('JSON follows its schema: %s', async (_, args, code) => {
    const ran = await ccdma(['replay', ...args, '--json']);
    const validate = schemaOf('replay');
    expect(validate(JSON.parse(ran.out)), JSON.stringify(validate.errors)).toBe(true);
    expect(ran.code).toBe(code);
  });

  test('what must be possible can be seen too', async () => {
    const line =
      "npx ccdma replay dynamic-pools --platform cca --property 'one-owner: the atomic pool has lent pages'";
    const { code, out } = await paste(line);
    expect(code).toBe(0);
    expect(out).toMatch(/atomic-pool: available -> lent/);
  });
});
