/** Whatever drivers ask for, whatever the world answers, in whatever order: what is freed is where it was. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { PAGE_SIZE, pageIndex } from '../../../src/kernel/memory.ts';
import type { Options } from '../../../src/series/index.ts';
import { alloc, balance, failing, faults, free, kernel, leaked, run, uncertain } from './bench.ts';

/** One move of the world: a driver asks or frees, or a task goes on. */
type Move =
  | {
      readonly move: 'alloc';
      readonly driver: number;
      readonly fn: 'dma_alloc_attrs' | 'dma_alloc_pages';
      readonly context: 'process' | 'atomic';
      readonly bytes: number;
      readonly attrs: string;
    }
  | {
      readonly move: 'free';
      readonly driver: number;
      readonly context: 'process' | 'atomic';
      readonly which: number;
    }
  | { readonly move: 'resume'; readonly task: number; readonly answer: 'ok' | 'fail' };

const context = fc.constantFrom('process', 'atomic');
const driver = fc.constantFrom(0, 1);
const allocs = fc.record({
  move: fc.constant('alloc'),
  driver,
  fn: fc.constantFrom('dma_alloc_attrs', 'dma_alloc_pages'),
  context,
  bytes: fc.constantFrom(1, 4096, 8192, 16384),
  attrs: fc.constantFrom('', '', 'NO_KERNEL_MAPPING', 'FORCE_CONTIGUOUS', 'CC_SHARED'),
});
const frees = fc.record({ move: fc.constant('free'), driver, context, which: fc.nat(2) });
const answer = fc.oneof(
  { arbitrary: fc.constant('ok'), weight: 6 },
  { arbitrary: fc.constant('fail'), weight: 1 },
);
const resume = fc.record({ move: fc.constant('resume'), task: fc.nat(3), answer });
const moves = fc.array(
  fc.oneof(
    { arbitrary: allocs, weight: 3 },
    { arbitrary: frees, weight: 3 },
    { arbitrary: resume, weight: 24 },
  ),
  { maxLength: 120, size: 'max' },
) as fc.Arbitrary<Move[]>;

function play(k: Kernel, m: Move): void {
  if (m.move === 'resume') {
    const ready = k.pending().filter((p) => p.runnable);
    if (ready.length === 0) return;
    const { task, step } = ready[m.task % ready.length]!;
    const fits = step.answers === undefined || step.answers.includes(m.answer);
    k.resume(task, ...(step.answers === undefined ? [] : [fits ? m.answer : ('fail' as const)]));
    return;
  }
  const { move, ...args } = m;
  const asked = move === 'alloc' && m.fn === 'dma_alloc_pages' ? { ...args, attrs: '' } : args;
  if (k.accepts(move, asked)) k.stimulate(move, asked);
}

/** Let everything come to its end, all answers kind, and give back what the drivers still have. */
function settle(k: Kernel): void {
  for (;;) {
    const ready = k.pending().find((p) => p.runnable);
    if (ready !== undefined) {
      const { answers } = ready.step;
      k.resume(ready.task, ...(answers === undefined ? [] : [answers[0]!]));
      continue;
    }
    const d = k.state.drivers.findIndex((x) => x.allocations.length > 0);
    if (d < 0 || k.state.ended !== null) return;
    k.stimulate('free', { driver: d, context: 'process' });
    run(k, `driver/${d}`);
  }
}

/** Everything as at the start, save pages that were leaked; and only pages of uncertain state were. */
function expectBalance(k: Kernel, fresh: Kernel): void {
  const lost = leaked(k, fresh);
  // Behind pages of uncertain state stands the rest of the block that they were given out in.
  for (const phys of lost) {
    const { used } = k.state.buddy;
    const i = used.findIndex(
      (pfn, n) => n % 2 === 0 && pfn * PAGE_SIZE <= phys && phys < (pfn + 2 ** used[n + 1]!) * PAGE_SIZE,
    );
    const block = Array.from({ length: 2 ** used[i + 1]! }, (_, n) => (used[i]! + n) * PAGE_SIZE);
    expect(block.some((page) => uncertain(k, page))).toBe(true);
  }
  const { cma } = k.state;
  const kept = cma.bits.flatMap((bit, n) => (bit === 1 ? [cma.phys + n * PAGE_SIZE] : []));
  expect(kept.filter((phys) => !uncertain(k, phys))).toEqual([]);
  const gone = new Set([...lost, ...kept].map((phys) => pageIndex(k.state.memory, phys)));
  const now = balance(k) as Record<string, unknown>;
  const then = balance(fresh) as Record<string, unknown>;
  const codes = (b: Record<string, unknown>): number[] =>
    (b.codes as number[]).map((c, i) => (gone.has(i) ? -1 : c));
  expect(codes(now)).toEqual(codes(then));
  for (const part of ['aliases', 'pools', 'global', 'iommu', 'slab', 'slots'])
    expect([part, now[part]]).toEqual([part, then[part]]);
  if (lost.length === 0) expect(now.free).toEqual(then.free);
}

const MACHINES: readonly (readonly [string, Partial<Options>, object])[] = [
  ['tdx', {}, {}],
  ['tdx', { 'coherent-pool': 'off' }, { cmaPages: 16 }],
  ['snp', {}, { zonePools: true, dmaZonePages: 16 }],
  ['vtom', {}, {}],
  ['cca', {}, {}],
  ['cca', { coherence: 'non-coherent' }, { cmaPages: 16 }],
  ['cca', { coherence: 'non-coherent', iommu: 'on' }, {}],
  ['pkvm', {}, {}],
  ['pkvm', { 'restricted-pool': 'off' }, {}],
  ['s390-pv', {}, {}],
  ['sme', { mask: '32' }, {}],
  ['plain', {}, { cmaPages: 16, cmaHighmem: true }],
  ['plain', { iommu: 'on' }, {}],
  ['plain', { xen: 'on' }, {}],
  ['plain', { remap: 'on', coherence: 'non-coherent' }, {}],
  ['plain', { coherence: 'non-coherent', uncached: 'uncached' }, {}],
  ['plain', { coherence: 'non-coherent', uncached: 'global' }, {}],
  ['plain', { coherence: 'non-coherent', uncached: 'arch' }, {}],
];

describe('v5 keeps memory balanced', () => {
  test.each(MACHINES)('%s %j %j', (platform, options, sizes) => {
    const make = (): Kernel => kernel(platform, 'v5', options, sizes);
    fc.assert(
      fc.property(moves, (list) => {
        const k = make();
        for (const m of list) if (k.state.ended === null) play(k, m);
        settle(k);
        if (k.state.ended === null) expectBalance(k, make());
      }),
      { seed: 20260522, numRuns: 40 },
    );
  });

  test('the same sequences find the unbalanced frees of kernels without a patch', () => {
    const finds = (platform: string, series: string, options: Partial<Options>): boolean => {
      const make = (): Kernel => kernel(platform, series, options);
      const result = fc.check(
        fc.property(moves, (list) => {
          const k = make();
          for (const m of list) if (k.state.ended === null) play(k, m);
          settle(k);
          if (k.state.ended === null) expectBalance(k, make());
        }),
        { seed: 20260522, numRuns: 40, endOnFailure: true },
      );
      return result.failed;
    };
    expect(finds('cca', 'without:19', {})).toBe(true);
    expect(finds('pkvm', 'without:3', {})).toBe(true);
    expect(finds('cca', 'without:15', {})).toBe(true);
    expect(finds('cca', 'without:11', { coherence: 'non-coherent' })).toBe(false);
  });
});

test('on powerpc a refused conversion is not noticed: a page goes back shared', () => {
  const k = kernel('ppc-svm', 'v5');
  const before = balance(k) as { codes: number[] };
  alloc(k);
  const records = free(k, {}, failing('host_call'));
  expect(records.some((r) => r.step === '__free_pages')).toBe(true);
  const after = balance(k) as { codes: number[] };
  expect(after.codes.filter((c, i) => c !== before.codes[i])).toEqual([3, 3]);
});

test('where everything succeeds no access goes wrong, however the drivers interleave', () => {
  fc.assert(
    fc.property(moves, (list) => {
      const k = kernel('cca', 'v5');
      for (const m of list) {
        if (m.move !== 'resume') {
          play(k, m);
          continue;
        }
        const ready = k.pending().filter((p) => p.runnable);
        if (ready.length === 0) continue;
        const { task, step } = ready[m.task % ready.length]!;
        expect(faults(k.resume(task, ...(step.answers === undefined ? [] : [step.answers[0]!])))).toEqual([]);
      }
    }),
    { seed: 20260522, numRuns: 40 },
  );
});
