/** The simulated kernel writes the log that a real one would have written. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readTraceText, type TraceRecord } from '../../src/trace/index.ts';
import { ccdma } from '../cli/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccdma-simulated-'));
afterAll(() => rmSync(folder, { recursive: true }));

const FREE_IN_SOFTIRQ =
  'replay dynamic-pools --series baseline --platform cca --path 0,5,7,44,47,40,8,10,11,13,17,12,19,22,35,36,37,64,68 --trace';

/** A log without what stands before the events, and without places in functions. */
const events = (log: string) =>
  log
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/^.{24}(\[\d+\] \S+).{15}: (.*)$/, '$1 $2').replace(/\+0x0\/0x0/g, ''));

test('a transient pool of the baseline, made and freed in softirq', async () => {
  const { code, out } = await ccdma(FREE_IN_SOFTIRQ.split(' '));
  expect(code).toBe(0);
  expect(out.split('\n')[12]).toBe(
    '        driver/0-100     [000] .....     1.000000: kp_dma_map_phys: (dma_map_phys+0x0/0x0) dev="dev0" phys=0x1240000 size=8192 dir=0 attrs=0x0',
  );
  expect(events(out).slice(-9)).toMatchInlineSnapshot(`
    [
      "        driver/0-100     [000] .....     1.000009: dma_map_phys: dev0 dir=BIDIRECTIONAL dma_addr=800001244000 size=8192 phys_addr=1240000 attrs=",
      "        driver/0-100     [000] .....     1.000010: kp_dma_unmap_phys: (dma_unmap_phys) dev="dev0" addr=0x800001244000 size=8192 dir=0 attrs=0x0",
      "        driver/0-100     [000] .....     1.000011: swiotlb_bounce: (swiotlb_bounce) dev="dev0" tlb=0x1244000 size=8192 dir=2",
      "        driver/0-100     [000] .....     1.000012: swiotlb_tbl_unmap_single: (__swiotlb_tbl_unmap_single) dev="dev0" tlb=0x1244000 size=8192 dir=0 attrs=0x20 pool=0x31000000",
      "        driver/0-100     [000] ..s1.     1.000013: swiotlb_dyn_free: (swiotlb_dyn_free) rcu=0x31000050",
      "        driver/0-100     [000] ..s1.     1.000014: swiotlb_free_tlb: (swiotlb_free_tlb) vaddr=0x11244000 bytes=8192",
      "        driver/0-100     [000] ..s1.     1.000015: dma_free_from_pool: (dma_free_from_pool) dev=(fault) start=0x11244000 size=8192",
      "        driver/0-100     [000] ..s1.     1.000016: dma_free_from_pool_ret: (swiotlb_free_tlb <- dma_free_from_pool) ret=0",
      "        driver/0-100     [000] ..s1.     1.000017: set_memory_encrypted: (set_memory_encrypted) addr=0x11244000 numpages=2",
    ]
  `);
});

test('read back, no line is lost, and every event is one of the subject', async () => {
  const { out } = await ccdma(FREE_IN_SOFTIRQ.split(' '));
  const records: TraceRecord[] = [];
  const { summary } = readTraceText(out, {
    record: (r) => records.push(r),
    loss: () => expect.unreachable(),
  });
  expect(summary).toMatchObject({ records: 18, known: 18, cpus: [0], withContext: 18 });
  expect(records.map(({ context }) => context.level).slice(-6)).toEqual([
    'process',
    'softirq',
    'softirq',
    'softirq',
    'softirq',
    'softirq',
  ]);
});

test('simulate --trace | trace: the scenario’s verdict, and its calls as marks', async () => {
  const scenario = 'test/scenarios/transient-pool.ts';
  const before = await ccdma(['simulate', scenario, '--platform', 'cca', '--series', 'baseline', '--trace']);
  expect(before.code).toBe(1);
  expect(before.err).toContain('the run itself violates one-owner, no-sleep-in-atomic, free-undoes-alloc');
  expect(before.out).toMatch(/tracing_mark_write: line 16: disk: dma_map_single\(0x1080000, 4096/);
  // The second mapping is made under a spinlock.
  expect(before.out).toMatch(/ d\.\.1\. +\S+: kp_dma_map_phys: \(dma_map_phys\S+ dev="disk" phys=0x1081000/);
  const log = join(folder, 'before.txt');
  writeFileSync(log, before.out);
  const judged = await ccdma(['trace', log, '--platform', 'cca', '--series', 'baseline']);
  expect(judged.code).toBe(1);
  expect(judged.out).toMatch(/no-sleep-in-atomic, line \d+, set_memory_encrypted, softirq on CPU 0/);
  expect(judged.out).toMatch(/free-undoes-alloc +violated/);

  const after = await ccdma(['simulate', scenario, '--platform', 'cca', '--trace']);
  expect(after.code).toBe(0);
  writeFileSync(log, after.out);
  const holds = await ccdma(['trace', log, '--platform', 'cca']);
  expect(holds.code).toBe(0);
  expect(holds.out).toMatch(/no-sleep-in-atomic +holds over \d+ check/);
  expect(after.out).toMatch(/kworker\/0:\d+-\d+ +\[000\] \.{5} +\S+: swiotlb_dyn_free_work/);
});

test.each([
  [['test/scenarios/transient-pool.ts'], 'name one --platform (this would run on tdx, cca)'],
  [
    ['test/scenarios/transient-pool.ts', '--platform', 'tdx', '--series', 'v5', '--series', 'baseline'],
    'name one --series (this would run on v5, baseline)',
  ],
  [['test/scenarios/transient-pool.ts', '--platform', 'tdx', '--json'], 'leave out --json and --steps'],
])('simulate %j --trace is refused in one line', async (args, says) => {
  const { code, out, err } = await ccdma(['simulate', ...args, '--trace']);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.trim().split('\n')).toEqual([expect.stringContaining(says)]);
});
