/** The scenarios of test/scenarios/ hold with the whole series, and show what patches repair without them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describe as about, loadScenario, runScenario } from '../../src/scenario/index.ts';
import { PLATFORMS, parseSeries, type Series } from '../../src/series/index.ts';
import { ccdma, schemaOf } from '../cli/run.ts';
import { fileOf } from './run.ts';

const FOLDER = 'test/scenarios';
const FILES = readdirSync(FOLDER).sort();

/** What a scenario shows of the whole series. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  // The free asks whether the device is forced now; it was when the memory was decrypted.
  'accepted.ts': ['dma_free_coherent: free-private'],
};

test.each(FILES)(
  '%s holds with the whole series on every platform that it names, or shows what is known',
  async (name) => {
    const { platforms } = await about(await loadScenario(join(FOLDER, name)));
    expect(platforms.length).toBeGreaterThan(0);
    for (const platform of platforms)
      expect(await failures(name, 'v5', platform.name), platform.name).toEqual(KNOWN[name] ?? []);
  },
);

test('the exit code says so', async () => {
  expect((await ccdma(['simulate', join(FOLDER, 'azure-nvme.ts')])).code).toBe(0);
  expect((await ccdma(['simulate', join(FOLDER, 'accepted.ts')])).code).toBe(1);
});

test('the scenario of the known test is a page that can be read', () => {
  const lines = readFileSync(join(FOLDER, 'azure-nvme.ts'), 'utf8').split('\n');
  expect(lines.filter((line) => !/^\s*(\/?\*|$)/.test(line)).length).toBeLessThanOrEqual(45);
});

/** What fails in a run, each with the call that it is laid to. */
async function failures(file: string, series: string, platform: string): Promise<string[]> {
  const loaded = await loadScenario(join(FOLDER, file));
  const on = PLATFORMS.find(({ name }) => name === platform)!;
  const run = await runScenario(loaded, parseSeries(series) as Series, on);
  const found = run.rows.flatMap(({ what, violations }) =>
    violations.map(({ property }) => `${what.replace(/\(.*/, '')}: ${property}`),
  );
  return [...new Set([...found, ...run.failures.map(({ message }) => message.replace(/\(.*/, ''))])];
}

test('without patch 11 a remapped buffer is not what its address says', async () => {
  const found = await failures('non-coherent-cca.ts', 'without:11', 'cca');
  expect(found.slice(0, 2)).toEqual([
    'dma_alloc_coherent: data-arrives',
    'dma_alloc_coherent: address-matches-memory',
  ]);
});

test('without patch 19 a page of the atomic pool is encrypted and freed to the page allocator', async () => {
  const found = await failures('atomic-pages.ts', 'without:19', 'cca');
  expect(found).toContain('dma_free_pages: free-undoes-alloc');
  expect(found).toContain('dma_free_pages: one-owner');
});

test('before patch 15 a CPU address is handed out as a page, and everything goes wrong behind it', async () => {
  const found = await failures('atomic-pages.ts', 'prefix:14', 'cca');
  expect(found[0]).toBe('dma_alloc_pages: data-arrives');
  expect(found).toContain('dma_free_pages: nothing-leaks');
  // Without DMA_DIRECT_REMAP the CPU address is a linear one, and wrong all the same.
  expect(await failures('atomic-pages.ts', 'prefix:14', 'sev')).toContain('dma_alloc_pages: data-arrives');
});

test('without patch 20 so is a transient pool that came from the atomic pool', async () => {
  const found = await failures('transient-pool.ts', 'without:20', 'cca');
  expect(found).toContain('settle: free-undoes-alloc');
  expect(found).toContain('settle: one-owner');
  expect(found).not.toContain('settle: no-sleep-in-atomic');
});

test('before patch 17 that happens in softirq', async () => {
  expect(await failures('transient-pool.ts', 'prefix:16', 'cca')).toContain('settle: no-sleep-in-atomic');
});

test('before patch 3 coherent memory of a restricted device is converted inside the pool', async () => {
  const found = await failures('restricted-pkvm.ts', 'prefix:2', 'pkvm');
  expect(found).toContain('dma_alloc_coherent: free-undoes-alloc');
});

test('a file says what it is, and is run as often as asked, afresh each time', async () => {
  const loaded = await loadScenario(
    fileOf(`let runs = 0;
export default { title: 'counts', platforms: ['plain'], run(k) { k.expectEqual(++runs, 1); } };`),
  );
  const { title, platforms } = await about(loaded);
  expect([title, platforms.map(({ name }) => name)]).toEqual(['counts', ['plain']]);
  for (let n = 0; n < 2; n++) {
    const run = await runScenario(loaded, parseSeries('v5') as Series, platforms[0]!);
    expect(run.holds).toBe(true);
  }
});

test('a scenario may lie in several files; each line is named with its own', async () => {
  fileOf(
    `export const bad = (k) => {
  k.kfree(3);
};`,
    'helper.ts',
  );
  const file = fileOf(`import { bad } from './helper.ts';
export default { title: 't', platforms: ['tdx'], run: (k) => bad(k) };`);
  const { code, err } = await ccdma(['simulate', file]);
  expect(err).toMatch(/helper\.ts:2: kfree: 3 is no memory/);
  expect(code).toBe(2);
});

test('a scenario may be asynchronous, and may be JavaScript', async () => {
  const file = fileOf(
    `export default { title: 't', platforms: ['tdx'], async run(k) {
  await null;
  k.kmaloc(1);
} };`,
    'later.mjs',
  );
  expect((await ccdma(['simulate', file])).err).toMatch(/later\.mjs:3: there is no function kmaloc/);
});

test('the example of the documentation runs', async () => {
  const text = readFileSync('docs/scenarios.md', 'utf8');
  const [, code] = /```ts\n([\s\S]*?)```/.exec(text)!;
  const ran = await ccdma(['simulate', fileOf(code!, 'ring.ts')]);
  expect(ran.out.match(/: holds\./g)).toHaveLength(2);
  expect(ran.code).toBe(0);
});

test('every call that the documentation names exists', () => {
  const table = readFileSync('docs/scenarios.md', 'utf8').split('## What can be called')[1]!.split('##')[0]!;
  const api = readFileSync('src/scenario/api.ts', 'utf8');
  const names = [...table.matchAll(/`(?:dev\.)?([a-zA-Z_]+)[`(]/g)].map(([, name]) => name!);
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(api))).toEqual([]);
});

test('JSON follows its schema, with and without the steps', async () => {
  const validate = schemaOf('simulate');
  for (const more of [[], ['--steps']]) {
    const { out } = await ccdma([
      'simulate',
      join(FOLDER, 'accepted.ts'),
      '--series',
      'baseline',
      '--json',
      ...more,
    ]);
    expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
  }
});
