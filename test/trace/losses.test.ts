/** What a log has lost is said, line by line, and never taken for anything else. */
import { describe, expect, test } from 'vitest';
import { readText } from './read.ts';

const at = (time: string, cpu = 1) =>
  `              dd-59      [00${cpu}] d.h1.     ${time}: dma_unmap_phys: 0000:00:03.0 dir=TO_DEVICE dma_addr=3e823000 size=4096 attrs=\n`;
const kprobe = (time: string) =>
  `              dd-59      [001] .....     ${time}: kp_dma_map_phys: (dma_map_phys+0x4/0x1a0) dev="x" phys=0x3ffae000 size=4096 dir=2 attrs=0x0\n`;

const kinds = (text: string) => readText(text).losses.map(({ kind, line, count }) => [kind, line, count]);

test('the header says how many entries the buffer has lost', () => {
  const text = `# tracer: nop\n#\n# entries-in-buffer/entries-written: 1258/5772   #P:2\n${at('4.000001')}`;
  expect(kinds(text)).toEqual([['overrun', 3, 4514]]);
  expect(readText(text).summary.lostEvents).toBe(4514);
});

test('a CPU whose events begin late; events that are lost between two lines', () => {
  const text = `${at('4.000001')}##### CPU 0 buffer started ####\nCPU:1 [LOST 17 EVENTS]\nCPU:0 [LOST EVENTS]\nCPU:0 [5 EVENTS DROPPED]\n`;
  expect(readText(text).losses).toMatchObject([
    { kind: 'buffer-started', cpu: 0, hides: true },
    { kind: 'lost-events', cpu: 1, count: 17 },
    { kind: 'lost-events', cpu: 0, count: undefined },
    { kind: 'lost-events', cpu: 0, count: 5 },
  ]);
});

test('a repeated line, and one that goes back in time on its CPU, are counted and dropped', () => {
  const { records, losses } = readText(
    at('4.000001') +
      at('4.000001') +
      at('4.000005') +
      at('4.000003') +
      at('4.000002', 0) +
      at('4.000005') +
      at('4.000006'),
  );
  expect(losses.map(({ kind, line }) => [kind, line])).toEqual([
    ['duplicate', 2],
    ['back-in-time', 4],
  ]);
  expect(records.map(({ line }) => line)).toEqual([1, 3, 5, 6, 7]);
});

test('one wild timestamp does not cost the rest of the log', () => {
  const rest = Array.from({ length: 200 }, (_, i) => at(`4.${String(i + 2).padStart(6, '0')}`)).join('');
  const { records } = readText(at('4.000001') + at('9.000000') + rest);
  expect(records.length).toBeGreaterThan(130);
});

describe('a line that was cut', () => {
  const whole = kprobe('4.000009').trimEnd();
  const log = Array.from({ length: 9 }, (_, i) => kprobe(`4.00000${i}`)).join('');

  test('is truncated wherever the cut is, but for the last value, of which half is a value too', () => {
    const lastValue = whole.lastIndexOf('=') + 2;
    for (let length = 1; length < lastValue; length++) {
      const { records, losses } = readText(`${log}${whole.slice(0, length)}\n`);
      expect([length, records.length, losses.length]).toEqual([length, 9, 1]);
      expect(['truncated', 'garbled', 'foreign']).toContain(losses[0]!.kind);
      expect(losses[0]!.hides).toBe(true);
    }
  });

  test('at its head is garbled', () => {
    for (let from = 1; from < whole.length - 1; from++) {
      const { records, losses } = readText(`${log}${whole.slice(from)}\n`);
      expect([from, records.length, losses.length]).toEqual([from, 9, 1]);
    }
  });

  test('by the end of the file is truncated, whatever it looks like', () => {
    expect(kinds(log + whole)).toEqual([['truncated', 10, undefined]]);
  });

  test('is found out even when it is the first of its event', () => {
    const cut = kprobe('3.000000').replace(/ size=.*/, '');
    expect(kinds(`${cut}${log}`)).toEqual([['truncated', 1, undefined]]);
  });
});

test('a tracepoint must end as tracepoints end', () => {
  const cut = at('4.000002').replace(' attrs=', '');
  expect(kinds(at('4.000001') + cut)).toEqual([['truncated', 2, undefined]]);
});

test.each([
  ['bytes', (line: string) => line.replace('size=4096', 'si\u0000\u00ff=4096')],
  ['a number of letters', (line: string) => line.replace('size=4096', 'size=4x96')],
  ['a number of too many digits', (line: string) => line.replace('size=4096', `size=${'9'.repeat(30)}`)],
  ['an address wider than 64 bits', (line: string) => line.replace('=3e823000', '=13e82300000000000')],
  ['flags that are none', (line: string) => line.replace('d.h1.', 'd?h1.')],
  ['two lines in one', (line: string) => line.trimEnd() + line],
  ['a time of too many digits', (line: string) => line.replace('4.000002', '4.00000211')],
])('a garbled line: %s', (_, garble) => {
  expect(kinds(at('4.000001') + garble(at('4.000002')))).toEqual([['garbled', 2, undefined]]);
});

test("a line of the console and a script's own words are foreign; events of others are unknown", () => {
  const other = at('4.000003').replace(/dma_unmap_phys: .*/, 'sched_switch: prev_comm=dd ==> next_comm=sh');
  const { losses, summary } = readText(`${at('4.000001')}[    9.381564] reboot: Power down\nDONE\n${other}`);
  expect(losses).toMatchObject([
    { kind: 'foreign', hides: true },
    { kind: 'foreign', hides: true },
    { kind: 'unknown-event', hides: false, event: 'sched_switch' },
  ]);
  expect([...summary.unknownEvents]).toEqual([['sched_switch', 1]]);
});

test('an event whose name is a letter away from a known one was garbled', () => {
  const text = at('4.000001') + at('4.000003').replace('unmap_phys', 'unmxp_phys');
  expect(readText(text).losses).toMatchObject([{ kind: 'garbled', hides: true, event: 'dma_unmxp_phys' }]);
});

test('a second log in the same file, in another format and from another time', () => {
  const second = `      dd-152       0..... 175971us+: dma_unmap_phys: x dir=TO_DEVICE dma_addr=3e823000 size=4096 attrs=\n`;
  const { records, losses } = readText(`# tracer: nop\n${at('4.000001')}# tracer: nop\n${second}`);
  expect(losses.map(({ kind, line }) => [kind, line])).toEqual([['restart', 3]]);
  expect(records.map(({ pid }) => pid)).toEqual([59, 152]);
});

test('a probe that is defined anew is taken as it is in the first megabyte, and after a few lines behind it', () => {
  const more = (i: number) => kprobe(`5.00000${i}`).replace('attrs=0x0', 'attrs=0x0 flags=0x1');
  const some = (count: number) =>
    Array.from({ length: count }, (_, i) => kprobe(`4.${String(i).padStart(6, '0')}`)).join('');
  const anew = [1, 2, 3, 4, 5].map(more).join('');
  expect(readText(some(9) + anew).records).toHaveLength(14);
  const { records, losses } = readText(some(20_000) + anew);
  expect(losses.map(({ kind }) => kind)).toEqual(['garbled', 'garbled']);
  expect(records).toHaveLength(20_003);
});
