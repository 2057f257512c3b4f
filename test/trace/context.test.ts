/** What the flags column says about where code may sleep, and where it misleads. */
import { describe, expect, test } from 'vitest';
import { readFlags } from '../../src/trace/context.ts';
import { readFixture, readText } from './read.ts';

test.each([
  ['.....', 'process'],
  ['.N...', 'process'],
  ['....1', 'process'],
  ['...1.', 'atomic'],
  ['...a.', 'atomic'],
  ['d....', 'atomic'],
  ['b....', 'atomic'],
  ['D....', 'atomic'],
  ['..s1.', 'softirq'],
  ['d.h1.', 'hardirq'],
  ['dNH4.', 'hardirq'],
  ['d.Z..', 'hardirq'],
  ['X....', 'unknown'],
] as const)('%s is %s', (flags, level) => {
  expect(readFlags(flags, 0, false)?.level).toBe(level);
});

test.each(['', '....', 'q....', '..x..', 'd.h1.1234'])('%j: flags or not', (flags) => {
  expect(readFlags(flags, 0, false)?.level).toBe(flags === '....' ? 'process' : undefined);
});

describe('a depth that is too high', () => {
  const probe = (name: string, depth: string, time: number) =>
    `              sh-56      [000] ...${depth}.     6.00000${time}: ${name}: (set_memory_decrypted+0x4/0x70) addr=0x1000\n`;

  test('a function probe on the same symbol makes depth 1 undecidable; the return decides', () => {
    const ret = `              sh-56      [000] .....     6.000003: set_memory_decrypted_ret: (dma_direct_alloc+0xce/0x2b0 <- set_memory_decrypted) ret=0\n`;
    const { records } = readText(probe('fp', '2', 1) + probe('set_memory_decrypted', '1', 2) + ret);
    expect(records.map(({ context }) => context.level)).toEqual(['unknown', 'unknown', 'process']);
    expect(records.map(({ context }) => context.skewed)).toEqual([true, true, false]);
  });

  test('alone, a kprobe is exact', () => {
    expect(readText(probe('set_memory_decrypted', '1', 1)).records[0]!.context.level).toBe('atomic');
  });

  test('real: no return and no tracepoint is in doubt, and no call from process context is called atomic', async () => {
    const { records } = await readFixture('linux-7.3/contexts.txt.gz');
    const doubted = records.filter(({ context }) => context.level === 'unknown');
    expect(new Set(doubted.map(({ func }) => func?.symbol))).toEqual(
      new Set(['dma_alloc_attrs', 'set_memory_decrypted']),
    );
    expect(new Set(doubted.map(({ kind }) => kind))).toEqual(new Set(['kprobe']));
  });
});

test('early boot: nothing can sleep yet, so depth 1 is no obstacle until the first task starts', async () => {
  const { records, summary } = await readFixture('linux-7.3/boot-function-tracer.txt.gz');
  const conversions = records.filter(({ func }) => func?.symbol === 'set_memory_decrypted');
  expect(summary.fromBoot).toBe(true);
  expect(conversions[0]!.context).toMatchObject({ preemptDepth: 1, earlyBoot: true, level: 'process' });
  expect(conversions.slice(1).some(({ context }) => context.earlyBoot)).toBe(false);
});

test('whether a log ever showed a depth is said: a kernel that does not count it proves little', () => {
  const line = (flags: string) =>
    `              sh-56      [000] ${flags}     6.000001: swiotlb_dyn_alloc: (swiotlb_dyn_alloc+0x4/0xb0) work=0x1\n`;
  expect(readText(line('.....')).summary.depthShown).toBe(false);
  expect(readText(line('...1.')).summary.depthShown).toBe(true);
});
