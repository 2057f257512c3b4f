/** What real kernels are found to have done: the specification's central claim, on recorded logs. */
import { expect, test } from 'vitest';
import { BASELINE, V5 } from '../../src/series/index.ts';
import { judgeFile, type PropertyName, Specification, type Verdict } from '../../src/trace/judge/index.ts';
import { historiesOf } from '../../src/trace/path/history.ts';

const fixture = (name: string) => new URL(`../fixtures/traces/${name}.gz`, import.meta.url).pathname;
const judged = (name: string, series = V5) => judgeFile(fixture(name), new Specification(series));
const of = ({ properties }: Verdict, name: PropertyName) => properties.find((one) => one.name === name)!;

test('6.12: conversions are requested in softirq by the free of dynamic pools, with the line and the pool’s life', async () => {
  const { verdict, shapes } = await judged('linux-6.12/exhaust.txt');
  const sleep = of(verdict, 'no-sleep-in-atomic');
  expect(sleep.status).toBe('violated');
  const [, free] = sleep.first;
  expect(free).toMatchObject({ line: 542, site: 'set_memory_encrypted', who: 'softirq on CPU 0', times: 13 });
  expect(free!.because).toBe('a conversion was requested in softirq, by the free of a dynamic pool');
  expect(free!.raw).toContain('.Ns1.');
  const { serial } = free!.object!;
  const until = (line: number) => ({ serial, until: line });
  const [life, half] = await historiesOf(
    fixture('linux-6.12/exhaust.txt'),
    new Specification(V5),
    [until(542), until(300)],
    { shapes },
  );
  expect(half).toEqual(life!.filter(({ line }) => line <= 300));
  expect(life!.filter(({ change }) => change !== '').map(({ event }) => event)).toEqual([
    'swiotlb_alloc_pool_ret',
    'swiotlb_tbl_map_single_ret',
    'swiotlb_tbl_unmap_single',
    'swiotlb_dyn_free',
    'dma_free_from_pool_ret',
    'set_memory_encrypted',
  ]);
  // Its conversion, and what else belongs to the calls.
  expect(life!.map(({ event }) => event).slice(0, 5)).toEqual([
    'dma_map_page_attrs',
    'swiotlb_bounced',
    'swiotlb_tbl_map_single',
    'swiotlb_alloc_pool',
    'set_memory_decrypted',
  ]);
});

test('6.12: pools are also converted with interrupts off, by mappings of a device that is not forced', async () => {
  const { verdict } = await judged('linux-6.12/exhaust.txt');
  const [first] = of(verdict, 'no-sleep-in-atomic').first;
  expect(first).toMatchObject({ line: 282, site: 'set_memory_decrypted', times: 4 });
  expect(of(verdict, 'no-sleep-in-atomic').violations).toBe(17);
});

test('the intended machines do not offer a free in softirq; those of the baseline do', async () => {
  const intended = await judged('linux-6.12/exhaust.txt');
  expect(intended.verdict.strays).toEqual([
    expect.objectContaining({
      machine: 'dynamic-free',
      event: 'dma_free_from_pool[by=softirq,owned=false]',
      count: 13,
    }),
  ]);
  const before = await judged('linux-6.12/exhaust.txt', BASELINE);
  expect(before.verdict.strays).toEqual([]);
});

test('7.3: the same workload frees in a worker, and the property holds over every check', async () => {
  const { verdict } = await judged('linux-7.3/exhaust.txt');
  expect(of(verdict, 'no-sleep-in-atomic')).toMatchObject({
    status: 'holds',
    checks: 17,
    violations: 0,
    unanswered: 0,
  });
  expect(of(verdict, 'no-use-after-free').status).toBe('holds');
  expect(verdict.strays).toEqual([]);
  expect(verdict.properties.filter(({ status }) => status === 'violated')).toEqual([]);
});

test.each(['unbind', 'contexts', 'atomic-pools'])(
  '7.3, %s: allocations are freed as they were made',
  async (name) => {
    const { verdict } = await judged(`linux-7.3/${name}.txt`);
    expect(of(verdict, 'no-sleep-in-atomic').status).toBe('holds');
    expect(of(verdict, 'free-undoes-alloc').status).toBe('holds');
    expect(verdict.strays).toEqual([]);
  },
);

test('what no probe recorded is said, not passed over', async () => {
  const { verdict } = await judged('linux-7.3/steady-tracepoints-only.txt');
  const sleep = of(verdict, 'no-sleep-in-atomic');
  expect(sleep.status).toBe('undecided');
  expect(sleep.missing).toContain('set_memory_decrypted');
  for (const { status, checks } of verdict.properties) expect(status === 'undecided').toBe(checks === 0);
});
