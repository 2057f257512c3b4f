/** One small log per format that the tracer and trace-cmd print. */
import { describe, expect, test } from 'vitest';
import type { TraceRecord } from '../../src/trace/index.ts';
import { readText } from './read.ts';

const one = (text: string): TraceRecord => {
  const { records, losses } = readText(text);
  expect(losses).toEqual([]);
  expect(records).toHaveLength(1);
  return records[0]!;
};

const map =
  'dma_map_phys: 0000:00:03.0 dir=TO_DEVICE dma_addr=3e88e000 size=512 phys_addr=7900000 attrs=NO_WARN';

test("a tracepoint in the kernel's own text", () => {
  const record = one(`# tracer: nop\n#\n              dd-59      [001] d.h1.     4.663428: ${map}\n`);
  expect(record).toMatchObject({
    line: 3,
    task: 'dd',
    pid: 59,
    cpu: 1,
    event: 'dma_map_phys',
    kind: 'tracepoint',
  });
  expect(record.context).toMatchObject({
    known: true,
    irqsOff: true,
    interrupt: 2,
    preemptDepth: 1,
    level: 'hardirq',
  });
  expect([record.timeText, record.time]).toEqual(['4.663428', 4_663_428]);
  expect([...record.fields]).toEqual([
    ['device', '0000:00:03.0'],
    ['dir', 'TO_DEVICE'],
    ['dma_addr', '3e88e000'],
    ['size', '512'],
    ['phys_addr', '7900000'],
    ['attrs', 'NO_WARN'],
  ]);
  expect([record.hex('dma_addr'), record.int('size'), record.hex('nothing')]).toEqual([
    0x3e88e000,
    512,
    undefined,
  ]);
});

test('a kprobe and its return: the function, the caller, arguments without quotes', () => {
  const { records } = readText(`\
              sh-56      [001] .....     5.105029: swiotlb_tbl_map_single: (swiotlb_tbl_map_single+0x4/0x620) dev="ccdma" orig=0x7900000
              sh-56      [001] .....     5.105376: swiotlb_tbl_map_single_ret: (swiotlb_map+0x81/0x2b0 <- swiotlb_tbl_map_single) ret=0xffffffffffffffff
`);
  expect(
    records.map((record) => [record.kind, record.func?.symbol, record.func?.offset, record.caller?.symbol]),
  ).toEqual([
    ['kprobe', 'swiotlb_tbl_map_single', 4, undefined],
    ['kretprobe', 'swiotlb_tbl_map_single', 0, 'swiotlb_map'],
  ]);
  expect(records[0]!.field('dev')).toBe('ccdma');
  // A 64-bit word is a signed number: what C calls DMA_MAPPING_ERROR is -1, and kernel addresses are exact.
  expect(records[1]!.hex('ret')).toBe(-1);
});

test('a kprobe that bears the name of a tracepoint is a kprobe', () => {
  const text = `              dd-88      [000] .....     6.253799: dma_map_phys: (dma_map_phys+0x4/0x1a0) dev="x" phys=0x1cdd8000\n`;
  expect(one(text).kind).toBe('kprobe');
});

describe('columns that come and go', () => {
  test('thread group, or that it is not known', () => {
    expect(one(`              dd-163     (    160) [001] .....    13.541400: ${map}\n`)).toMatchObject({
      tgid: 160,
      cpu: 1,
    });
    expect(one(`              dd-163     (-------) [001] .....    13.541400: ${map}\n`).tgid).toBeUndefined();
  });

  test('no flags: the context is not known, which is not the same as process', () => {
    expect(one(`              dd-130     [000]     11.989092: ${map}\n`).context).toMatchObject({
      known: false,
      level: 'unknown',
    });
  });

  test('four flags of kernels before 5.16', () => {
    expect(one(`              dd-130     [000] ..s1    11.989092: ${map}\n`).context.level).toBe('softirq');
  });

  test('no context at all', () => {
    const { records, summary } = readText(`# tracer: nop\n#\n${map}\n`);
    expect(records[0]).toMatchObject({ pid: -1, cpu: -1, time: -1, timeText: '', task: '' });
    expect([summary.layout, summary.timeUnit]).toEqual(['bare', 'none']);
  });

  test('a clock of integers', () => {
    const { records, summary } = readText(`              dd-196     [001] .....  46191279003: ${map}\n`);
    expect([records[0]!.time, summary.timeUnit]).toEqual([46_191_279_003, 'tick']);
  });

  test('the latency format, with a mark of delay and without', () => {
    const { records, summary } = readText(`\
# nop latency trace v1.1.5 on 6.12.117
# latency: 0 us, #2/2, CPU#0 | (M:preempt VP:0, KP:0, SP:0 HP:0 #P:2)
      dd-152       0..... 175971us+: ${map}
  <idle>-0        12d.h1. 177478us : ${map}
`);
    expect(records.map(({ pid, cpu, time, context }) => [pid, cpu, time, context.level])).toEqual([
      [152, 0, 175_971, 'process'],
      [0, 12, 177_478, 'hardirq'],
    ]);
    expect([summary.layout, summary.timeUnit]).toEqual(['latency', 'us']);
  });
});

describe('trace-cmd report', () => {
  test('plain: probes print addresses, returns the other way round', () => {
    const { records, summary } = readText(`cpus=2
              dd-64    [001]     5.169740: swiotlb_tbl_map_single: (ffffffffaaf3ec24) dev="0000:00:03.0" orig=0x13fdb000
              dd-64    [001]     5.169980: swiotlb_tbl_map_single_ret: (ffffffffaaf3ec24 <- ffffffffaaf3f7c6) ret=0x3e885000
`);
    expect(records.map(({ func, caller }) => [func?.address, caller?.address])).toEqual([
      ['ffffffffaaf3ec24', undefined],
      ['ffffffffaaf3ec24', 'ffffffffaaf3f7c6'],
    ]);
    expect(summary.tool).toBe('trace-cmd');
  });

  test('with -t, nine digits; with -l, fused columns', () => {
    expect(readText(`cpus=2\n              dd-64    [001]     5.168834191: ${map}\n`).summary.timeUnit).toBe(
      'ns',
    );
    expect(one(`cpus=2\n      dd-64      1d.h..     5.170928: ${map}\n`)).toMatchObject({
      cpu: 1,
      pid: 64,
      time: 5_170_928,
    });
  });

  test('marks and calls under the names that it gives them', () => {
    const { records } = readText(`cpus=2
              sh-64    [001]     5.100000: print:                tracing_mark_write: PHASE 1
              sh-64    [001]     5.100001: function:             set_memory_decrypted <-- dma_direct_alloc
`);
    expect(records.map(({ kind, text, func }) => [kind, text, func?.symbol])).toEqual([
      ['mark', 'PHASE 1', undefined],
      ['function', '', 'set_memory_decrypted'],
    ]);
  });
});

test('the function tracer', () => {
  const record = one(
    `     swapper/0-1       [001] .....     0.544347: swiotlb_dev_init <-device_initialize\n`,
  );
  expect(record).toMatchObject({ event: 'function', kind: 'function', task: 'swapper/0', pid: 1 });
  expect([record.func?.symbol, record.caller?.symbol]).toEqual(['swiotlb_dev_init', 'device_initialize']);
});

test.each(['a b', 'x-1 [002]', 'kworker/u8:1', '<idle>', '<...>', 'a: b-7', '-1', '(dd)'])(
  'a task may be called %j',
  (name) => {
    const record = one(`${name.padStart(16)}-77      [001] .....     4.663428: ${map}\n`);
    expect(record).toMatchObject({ task: name, pid: 77, cpu: 1 });
  },
);

test("a task's name beyond ASCII", () => {
  const line = `           größe-77      [001] .....     4.663428: ${map}\n`;
  // Logs are bytes, and the tracer pads by bytes.
  const record = one(`${' '.repeat(16 - Buffer.byteLength('größe'))}${line.trimStart()}`);
  expect([record.task, record.timeText, record.raw.trim()]).toEqual(['größe', '4.663428', line.trim()]);
});

test('lines end with a newline, or with a carriage return and a newline', () => {
  expect(one(`              dd-59      [001] .....     4.663428: ${map}\r\n`).field('attrs')).toBe('NO_WARN');
});
