/** Every bound stops cleanly: what was found is shown, how far it got is said, and the code is 3. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { durationOf, sizeOf } from '../../src/cli/bounds.ts';
import { type Halt, halt, haltWatch, newHalt } from '../../src/conformance/halt.ts';
import { ccdma, schemaOf } from './run.ts';

const ONE = ['dynamic-pools', '--platform', 'tdx'];

test('sizes and times have units', () => {
  expect([sizeOf('-', '512M'), sizeOf('-', '1.5G'), sizeOf('-', '64KiB')]).toEqual([
    512 * 2 ** 20,
    1.5 * 2 ** 30,
    2 ** 16,
  ]);
  expect([durationOf('-', '500ms'), durationOf('-', '30s'), durationOf('-', '1.5m')]).toEqual([
    500, 30_000, 90_000,
  ]);
});

test.each([
  ['--max-memory', '512', /--max-memory is '512'; accepted: a number with K, M or G, as 512M or 2G/],
  ['--max-memory', '0M', /accepted: a number with K, M or G/],
  ['--timeout', '30', /--timeout is '30'; accepted: a number with ms, s, m or h, as 30s or 5m/],
  ['--timeout', '-1s', /accepted: a number with ms, s, m or h/],
])('%s %s is refused', async (flag, value, message) => {
  const { code, out, err } = await ccdma(['check', ...ONE, flag, value]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(message);
});

describe('a halt', () => {
  const roomy = Number.MAX_SAFE_INTEGER;
  const reasons = (all: Halt) => {
    const watch = haltWatch(all);
    return Array.from({ length: 32 }, watch).filter((reason) => reason !== null);
  };

  test('nothing stops where no bound is hit', () => {
    expect(reasons(newHalt(null, roomy))).toEqual([]);
    expect(reasons(newHalt(Date.now() + 3_600_000, roomy))).toEqual([]);
  });

  test('what one finds holds for all, and the first reason stays', () => {
    const all = newHalt(0, roomy);
    expect(reasons(all)[0]).toBe('time');
    halt(all, 'interrupt');
    expect(reasons(all)[0]).toBe('time');
    expect(reasons(newHalt(null, 1))[0]).toBe('memory');
  });
});

test.each([
  ['--timeout', '1ms', 'time', '--timeout'],
  ['--max-memory', '1M', 'memory', '--max-memory'],
])('check %s %s', async (flag, value, stopped, said) => {
  const { code, out } = await ccdma(['check', ...ONE, flag, value]);
  expect(code).toBe(3);
  expect(out).toContain(`A bound was hit (${said}): `);
  expect(out.replace(/\s+/g, ' ')).toMatch(
    /\d+ states and \d+ transitions were found, \d+ of them expanded, up to \d+ steps? from the start; there are more/,
  );
  const json = JSON.parse((await ccdma(['check', ...ONE, flag, value, '--json'])).out);
  expect(schemaOf('check')(json)).toBe(true);
  expect(json.results[0]).toMatchObject({ complete: false, stopped, dead: null });
});

test('an interrupt stops between two slices; what was not begun is named', async () => {
  const before = process.listenerCount('SIGINT');
  const running = ccdma(['check', 'dynamic-pools', '--json']);
  while (process.listenerCount('SIGINT') === before) await new Promise((next) => setTimeout(next, 1));
  process.emit('SIGINT');
  const { code, out } = await running;
  const json = JSON.parse(out);
  expect(schemaOf('check')(json)).toBe(true);
  expect(code).toBe(3);
  expect(json.results.length + json.notRun.length).toBe(10);
  expect(json.notRun.length).toBeGreaterThan(0);
  if (json.results.length > 0) expect(json.results.at(-1).stopped).toBe('interrupt');
  expect(process.listenerCount('SIGINT')).toBe(before);
});

test('paths writes nothing, conform runs nothing, export writes no part of a graph', async () => {
  const bound = [...ONE, '--timeout', '1ms'];
  const paths = await ccdma(['paths', ...bound]);
  expect([paths.code, paths.out]).toEqual([3, expect.stringMatching(/A bound\s+was hit \(--timeout\)/)]);
  const conform = await ccdma(['conform', ...bound]);
  expect([conform.code, conform.out]).toEqual([3, expect.stringMatching(/not run\.\s+A bound was hit/)]);
  const aut = await ccdma(['export', 'aut', ...bound]);
  expect([aut.code, aut.out]).toEqual([3, '']);
  const itf = await ccdma(['export', 'itf', ...bound, '--property', 'one-owner']);
  expect([itf.code, itf.out]).toEqual([3, '']);
  expect(itf.err).toMatch(/before one-owner was\s+decided/);
});

test('explore stops in its threads', async () => {
  const args = ['explore', '--platform', 'tdx', '--series', 'v5', '--workload', 'growth', '--json'];
  const { code, out } = await ccdma([...args, '--timeout', '1ms']);
  const json = JSON.parse(out);
  expect(schemaOf('explore')(json)).toBe(true);
  expect([code, json.results[0].complete, json.results[0].stopped]).toEqual([3, false, 'time']);
});

test('Ctrl-C in a terminal: the command ends by itself, with what it has', async () => {
  const bin = resolve(import.meta.dirname, '../../bin/ccdma.js');
  const child = spawn(process.execPath, [bin, 'check', 'dynamic-pools'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    // The first of ten subjects has been printed.
    if (out === '') child.kill('SIGINT');
    out += text;
  });
  const code = await new Promise((done) => child.on('close', done));
  expect(code).toBe(3);
  expect(out).toMatch(/Stopped before \d+ subjects? could be run: \(dynamic-pools, v5, /);
});
