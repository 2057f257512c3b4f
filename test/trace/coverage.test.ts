/** What a log exercised of the machines: as a table, in colours, and what would exercise the rest. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { joinCoverage } from '../../src/trace/judge/index.ts';
import { ccdma, paste, type Ran, schemaOf } from '../cli/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccdma-coverage-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string) => new URL(`../fixtures/traces/${name}.gz`, import.meta.url).pathname;
const CONTEXTS = fixture('linux-7.3/contexts.txt');
const ATOMIC = fixture('linux-7.3/atomic-pools.txt');

test('over several logs the best that any of them shows counts, and how often', () => {
  const step = { machine: 'm', state: 'a', event: 'e', to: 'b' };
  const joined = joinCoverage([
    [{ ...step, status: 'never', count: 0 }],
    [{ ...step, status: 'exercised', count: 2 }],
    [{ ...step, status: 'perhaps', count: 7 }],
    [{ ...step, status: 'exercised', count: 3 }],
    [{ ...step, to: 'c', status: 'hidden', count: 0 }],
  ]);
  expect(joined).toEqual([
    { ...step, status: 'exercised', count: 5 },
    { ...step, to: 'c', status: 'hidden', count: 0 },
  ]);
});

describe('two logs of 7.3', () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await ccdma(
      ['trace', CONTEXTS, ATOMIC, '--platform', 'tdx', '--coverage', '--diagrams', folder, '--suggest'],
      120,
    );
  }, 60_000);

  test('a step by where it leads: allocations were had from the pool, and none was refused', () => {
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(/direct-alloc +pool +gen_pool_alloc +returning +exercised +\d+/);
    expect(ran.out).toMatch(/direct-alloc +pool +gen_pool_alloc +refused +never/);
  });

  test('each machine is drawn, with sign and colour for what was exercised and what never', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'atomic-pool-expand.svg',
      'conversion.svg',
      'direct-alloc.svg',
      'direct-free.svg',
      'streaming-mapping.svg',
    ]);
    const drawing = readFileSync(join(folder, 'direct-free.svg'), 'utf8');
    expect(drawing).toMatch(/fill="#0a6b4f">✓ set_memory_encrypted_ret</);
    expect(drawing).toMatch(/fill="#b3141f">✗ set_memory_encrypted_ret</);
    expect(drawing).toContain('never: such events are recorded, and this was not taken');
  });

  test('the ways to what never happened run as they are pasted, and end with it', async () => {
    const text = ran.out.slice(ran.out.indexOf('What would exercise'));
    const refused = text.slice(text.indexOf('direct-alloc, in pool: gen_pool_alloc, to refused'));
    expect(refused).toMatch(
      /allocation, v5, tdx: driver: dma_alloc_attrs\[attrs=none,by=driver,ctx=atomic\] →/,
    );
    const [, line] = /^ +(npx ccdma replay .*)$/m.exec(refused)!;
    const { out } = await paste(line!);
    expect(out).toMatch(/alloc\[B\]: pool -> refused/);
  });
});

test('its JSON keeps to the schema', async () => {
  const { out } = await ccdma(['trace', CONTEXTS, '--platform', 'tdx', '--coverage', '--suggest', '--json']);
  const json = JSON.parse(out);
  const validate = schemaOf('trace');
  expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
  const never = json.results[0].coverage.filter(({ status }: { status: string }) => status === 'never');
  expect(json.suggestions.length).toBe(never.length);
}, 60_000);

test.each([
  [['--diagrams', folder], '--diagrams needs --coverage'],
  [['--suggest'], '--suggest needs --coverage'],
])('trace %j without --coverage is refused', async (args, says) => {
  const { code, err } = await ccdma(['trace', CONTEXTS, ...args]);
  expect({ code, err: err.trim() }).toEqual({ code: 2, err: `ccdma: ${says}` });
});
