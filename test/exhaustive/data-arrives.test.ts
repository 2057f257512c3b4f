/**
 * Whatever drivers ask for, whatever the world answers, in whatever order: what the CPU wrote is what the device
 * reads, and back after the right syncs; and at the end every slot is free again.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fieldsOf } from '../../src/kernel/dma/swiotlb-slots.ts';
import type { KernelSizes } from '../../src/kernel/index.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Args, StimulusName } from '../../src/kernel/steps.ts';
import type { TraceRecord } from '../../src/kernel/task.ts';
import type { Options } from '../../src/series/index.ts';
import { kernelOf } from '../kernel/platforms.ts';

type Move =
  | { readonly move: 'ask'; readonly name: StimulusName; readonly args: Args }
  | { readonly move: 'resume'; readonly task: number; readonly answer: 'ok' | 'fail' };

const driver = fc.constantFrom(0, 1);
const context = fc.constantFrom('process', 'atomic');
const dir = fc.constantFrom('TO_DEVICE', 'FROM_DEVICE', 'BIDIRECTIONAL');
const attrs = fc.constantFrom('', '', '', 'SKIP_CPU_SYNC', 'CC_SHARED', 'REQUIRE_COHERENT', 'MMIO');
const bytes = fc.constantFrom(1, 64, 100, 2047, 2048, 2049, 4096, 6000, 8192);
const ask = (name: StimulusName, args: Record<string, fc.Arbitrary<string | number>>) =>
  fc.record({ move: fc.constant('ask'), name: fc.constant(name), args: fc.record(args) });
const moves = fc.array(
  fc.oneof(
    {
      arbitrary: ask('map', { driver, context, dir, attrs, bytes, boundary: fc.constant('wide') }),
      weight: 4,
    },
    {
      arbitrary: ask('map_sg', { driver, context, dir, attrs, bytes, entries: fc.constantFrom(1, 2, 3) }),
      weight: 2,
    },
    {
      arbitrary: ask('unmap', { driver, context, attrs: fc.constantFrom('', '', 'SKIP_CPU_SYNC') }),
      weight: 2,
    },
    { arbitrary: ask('unmap_sg', { driver, context }), weight: 1 },
    { arbitrary: ask('sync', { driver, context, for: fc.constantFrom('cpu', 'device') }), weight: 4 },
    { arbitrary: ask('deviceWrite', { driver, bytes: fc.constantFrom(1, 2048, 5000) }), weight: 3 },
    { arbitrary: ask('deviceRead', { driver }), weight: 3 },
    {
      arbitrary: fc.record({
        move: fc.constant('resume'),
        task: fc.nat(3),
        answer: fc.constantFrom('ok', 'ok', 'ok', 'fail'),
      }),
      weight: 60,
    },
  ),
  { maxLength: 300, size: 'max' },
) as fc.Arbitrary<Move[]>;

function play(k: Kernel, m: Move): TraceRecord[] {
  if (m.move === 'ask') return k.accepts(m.name, m.args) ? k.stimulate(m.name, m.args) : [];
  const ready = k.pending().filter((p) => p.runnable);
  if (ready.length === 0) return [];
  const { task, step } = ready[m.task % ready.length]!;
  if (step.answers === undefined) return k.resume(task);
  return k.resume(task, step.answers.includes(m.answer) ? m.answer : 'fail');
}

const WORLD: readonly StimulusName[] = ['rcu_gp_start', 'rcu_gp_end', 'rcu_softirq', 'kworker_start'];

/** Everything comes to its end, all answers kind, and what is mapped is unmapped. */
function settle(k: Kernel): TraceRecord[] {
  const out: TraceRecord[] = [];
  for (;;) {
    const ready = k.pending().find((p) => p.runnable);
    if (ready !== undefined) {
      out.push(...k.resume(ready.task, ready.step.answers?.[0]));
      continue;
    }
    const next = (['unmap', 'unmap_sg', ...WORLD] as const).find((name) => k.offers(name).length > 0);
    if (next === undefined) return out;
    out.push(...k.stimulate(next, k.offers(next)[0]!));
  }
}

/** Use and slots of a pool, in a form that compares quickly. */
function poolContent(k: Kernel, addr: number): string {
  const p = k.state.pools.find((x) => x.addr === addr)!;
  const slots = k.state.slots.find((x) => x.addr === p.slots)!;
  return JSON.stringify([p.areas.map((a) => a.used), fieldsOf(slots)]);
}

const MACHINES: readonly (readonly [string, Partial<Options>, Partial<KernelSizes>])[] = [
  ['tdx', {}, {}],
  ['tdx', { dynamic: 'off' }, { defaultPoolFull: false }],
  ['tdx', { device: 'trusted' }, {}],
  ['snp', {}, { defaultPoolFull: false, minAlignMask: 0xfff }],
  ['vtom', { 'coherent-pool': 'off' }, { defaultPoolFull: false }],
  ['cca', {}, { atomicPoolBuffers: 4, minAlignMask: 0x7ff }],
  ['cca', { coherence: 'non-coherent' }, { defaultPoolFull: false, defaultSegments: 2 }],
  ['cca', { 'restricted-pool': 'on' }, {}],
  ['pkvm', {}, {}],
  ['pkvm', { 'restricted-pool': 'off', swiotlb: 'force' }, { defaultPoolFull: false }],
  ['pkvm', { dynamic: 'off', coherence: 'non-coherent' }, {}],
  ['s390-pv', {}, { defaultPoolFull: false, devices: 2 }],
  ['ppc-svm', {}, { defaultPoolFull: false }],
  ['sme', {}, {}],
  ['sme', { mask: '32' }, { defaultPoolFull: false }],
  ['plain', {}, {}],
  ['plain', { swiotlb: 'force' }, {}],
  ['plain', { mask: '32' }, { highBuffers: true, dmaZonePages: 128, normalZonePages: 128 }],
  ['plain', { iommu: 'on' }, { defaultPoolFull: false, externalPort: true }],
  [
    'plain',
    { iommu: 'on', swiotlb: 'force' },
    { defaultPoolFull: false, externalPort: true, minAlignMask: 0xfff },
  ],
  [
    'plain',
    { iommu: 'on', remap: 'on', coherence: 'non-coherent', swiotlb: 'force' },
    { defaultPoolFull: false, minAlignMask: 0x7ff },
  ],
  ['plain', { xen: 'on', swiotlb: 'force' }, { defaultPoolFull: false }],
  ['plain', { remap: 'on', coherence: 'non-coherent' }, { defaultPoolFull: false }],
];

describe('v5: data arrives, and nothing stays behind', () => {
  test.each(MACHINES)('%s %j %j', (platform, options, sizes) => {
    fc.assert(
      fc.property(moves, (list) => {
        const k = kernelOf(platform, 'v5', sizes, options);
        const before = new Map(k.state.pools.map((p) => [p.addr, poolContent(k, p.addr)]));
        for (const m of list) {
          const records = play(k, m);
          expect(records.flatMap((r) => r.faults ?? [])).toEqual([]);
          for (const d of k.state.drivers) expect(d.lost).toBeNull();
          if (k.state.ended !== null) return;
        }
        expect(settle(k).flatMap((r) => r.faults ?? [])).toEqual([]);
        if (k.state.ended !== null) return;
        for (const d of k.state.drivers) expect(d.lost).toBeNull();
        expect(k.state.devices.map((d) => d.transient)).toEqual(k.state.devices.map(() => 0));
        expect(k.state.deviceViews).toEqual([]);
        for (const [addr, content] of before) expect(poolContent(k, addr)).toBe(content);
        // Pools that grew meanwhile are empty.
        for (const p of k.state.pools)
          if (!before.has(p.addr)) expect(p.areas.map((x) => x.used)).toEqual(p.areas.map(() => 0));
      }),
      { seed: 20260522, numRuns: 40 },
    );
  });
});
