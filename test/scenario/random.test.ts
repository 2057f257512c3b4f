/** Whatever drivers do, right or wrong: a mistake is told, and the simulated kernel stays as it should be. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Loaded,
  loadScenario,
  runScenario,
  type Scenario,
  ScenarioError,
  type Simulator,
} from '../../src/scenario/index.ts';
import { PLATFORMS, parseSeries, type Series } from '../../src/series/index.ts';
import { fileOf } from './run.ts';

const V5 = parseSeries('v5') as Series;
const DIRS = ['DMA_TO_DEVICE', 'DMA_FROM_DEVICE', 'DMA_BIDIRECTIONAL'] as const;

/** One thing that a driver does; numbers choose among what it has, or had. */
interface Op {
  readonly what:
    | 'kmalloc'
    | 'kfree'
    | 'map'
    | 'unmap'
    | 'sync'
    | 'alloc'
    | 'free'
    | 'pages'
    | 'freePages'
    | 'io'
    | 'settle';
  readonly n: number;
  readonly size: number;
  readonly dir: (typeof DIRS)[number];
  readonly atomic: boolean;
  /** Something about it is wrong. */
  readonly wrong: boolean;
}

const op: fc.Arbitrary<Op> = fc.record({
  what: fc.constantFrom(
    'kmalloc',
    'kfree',
    'map',
    'unmap',
    'sync',
    'alloc',
    'free',
    'pages',
    'freePages',
    'io',
    'settle',
  ),
  n: fc.nat(7),
  size: fc.constantFrom(1, 100, 2048, 4096, 8192),
  dir: fc.constantFrom(...DIRS),
  atomic: fc.boolean(),
  wrong: fc.boolean(),
});

/**
 * Pages that were allocated where one may sleep are freed there: elsewhere v5 sleeps all the same, which is no
 * mistake of the driver (nothing tells it), and not what is asked here.
 */

/** Does what it can of the list; says how many mistakes were found. */
function drive(k: Simulator, ops: readonly Op[]): number {
  const devices = [k.device('a'), k.device('b')] as const;
  const memory: ReturnType<Simulator['kmalloc']>[] = [];
  const maps: { dma: number; size: number; dir: Op['dir']; dev: 0 | 1 }[] = [];
  const coherent: { m: NonNullable<ReturnType<Simulator['dma_alloc_coherent']>>; dev: 0 | 1 }[] = [];
  const pages: {
    m: NonNullable<ReturnType<Simulator['dma_alloc_pages']>>;
    dev: 0 | 1;
    dir: Op['dir'];
    gfp: string;
  }[] = [];
  const one = ({ what, n, size, dir, wrong }: Op, gfp: 'GFP_ATOMIC' | 'GFP_KERNEL'): void => {
    const dev = (n % 2) as 0 | 1;
    const pick = <T>(list: readonly T[]): T | undefined => list[n % Math.max(1, list.length)];
    // A wrong one has the wrong size, or, where the number is even, the wrong device.
    const bytes = (right: number): number => (wrong && dev === 1 ? right + 1 : right);
    const device = (right: 0 | 1) => devices[wrong && dev === 0 ? ((1 - right) as 0 | 1) : right];
    const mem = pick(memory);
    const map = pick(maps);
    const buf = pick(coherent);
    const page = pick(pages);
    if (what === 'kmalloc') memory.push(k.kmalloc(size, gfp));
    else if (what === 'kfree' && mem) k.kfree(mem);
    else if (what === 'map' && mem) {
      const dma = k.dma_map_single(devices[dev], mem, bytes(mem.size), dir);
      if (!k.dma_mapping_error(devices[dev], dma)) maps.push({ dma, size: mem.size, dir, dev });
    } else if (what === 'unmap' && map)
      k.dma_unmap_single(device(map.dev), map.dma, bytes(map.size), map.dir);
    else if (what === 'sync' && map) {
      if (n < 4) k.dma_sync_single_for_cpu(device(map.dev), map.dma, bytes(map.size), map.dir);
      else k.dma_sync_single_for_device(device(map.dev), map.dma, bytes(map.size), map.dir);
    } else if (what === 'alloc') {
      const m = k.dma_alloc_coherent(devices[dev], size, gfp);
      if (m !== null) coherent.push({ m, dev });
    } else if (what === 'free' && buf) {
      k.dma_free_coherent(device(buf.dev), bytes(buf.m.size), buf.m.cpu_addr, buf.m.dma_handle);
    } else if (what === 'pages') {
      const m = k.dma_alloc_pages(devices[dev], size, dir, gfp);
      if (m !== null) pages.push({ m, dev, dir, gfp });
    } else if (what === 'freePages' && page && (gfp === 'GFP_KERNEL' || page.gfp === 'GFP_ATOMIC')) {
      k.dma_free_pages(device(page.dev), bytes(page.m.size), page.m.page, page.m.dma_handle, page.dir);
    } else if (what === 'io' && map) {
      if (map.dir === 'DMA_TO_DEVICE')
        device(map.dev).read(map.dma, bytes(map.size) > map.size ? map.size + 1 : Math.min(9, map.size));
      else device(map.dev).write(map.dma, 'x'.repeat(Math.min(9, map.size)));
    } else if (what === 'io' && mem) mem.write('y'.repeat(Math.min(9, mem.size)));
    else if (what === 'settle') k.settle();
  };
  let mistakes = 0;
  for (const each of ops) {
    try {
      if (each.atomic) k.atomic(() => one(each, 'GFP_ATOMIC'));
      else one(each, 'GFP_KERNEL');
    } catch (error) {
      if (!(error instanceof ScenarioError)) throw error;
      mistakes++;
    }
  }
  return mistakes;
}

test.each(PLATFORMS.map(({ name }) => name))('on %s', async (name) => {
  const platform = PLATFORMS.find((p) => p.name === name)!;
  const real = await loadScenario(fileOf("export default { title: 't', platforms: ['tdx'], run() {} };"));
  const { positions } = await real.fresh();
  let mistakes = 0;
  let rows = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(op, { minLength: 10, maxLength: 60, size: 'max' }), async (ops) => {
      const scenario: Scenario = {
        title: 't',
        platforms: [name],
        run: (k) => {
          mistakes += drive(k, ops);
        },
      };
      const loaded: Loaded = {
        file: 'random',
        fresh: async () => ({ exports: { default: scenario }, positions }),
      };
      const run = await runScenario(loaded, V5, platform);
      rows += run.rows.length;
      const violated = run.rows.flatMap(({ what, violations }) =>
        violations.map((v) => [what, v.property, v.because]),
      );
      expect(violated).toEqual([]);
      expect(run.failures).toEqual([]);
    }),
    { numRuns: 30, seed: 7 },
  );
  // Neither all right nor all wrong.
  expect(mistakes).toBeGreaterThan(50);
  expect(rows).toBeGreaterThan(300);
});
