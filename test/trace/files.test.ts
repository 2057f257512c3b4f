/** Files that are no trace logs, and those that are, from the disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readTrace, TraceError } from '../../src/trace/index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ccdma-trace-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const line =
  '              dd-59      [001] d.h1.     4.663428: dma_unmap_phys: x dir=TO_DEVICE dma_addr=3e823000 size=4096 attrs=\n';
const sched =
  '              dd-59      [001] d.h1.     4.663428: sched_switch: prev_comm=dd ==> next_comm=sh\n';

async function read(content: string | Buffer, name = 'log') {
  const path = join(folder, name);
  writeFileSync(path, content);
  let records = 0;
  let lost = 0;
  const progress: number[] = [];
  const sink = { record: () => void records++, loss: () => void lost++ };
  const { summary } = await readTrace(path, sink, {
    progress: (read, size) => progress.push(read / size),
  });
  return { records, lost, progress, summary };
}

test.each([
  ['an empty file', '', 'empty'],
  ['an empty file, gzipped', gzipSync(''), 'empty'],
  ['prose', 'Dear reader: this is\nno trace, = and never was\n', 'not-a-trace'],
  [
    'prose that quotes a line of a log',
    [
      '# A heading',
      ...Array.from({ length: 12 }, (_, n) => `Line ${n} of a letter about DMA.`),
      '  <idle>-0       [000] .Ns1.     5.662831: set_memory_encrypted: (set_memory_encrypted+0x4/0x70) addr=0x1 numpages=16',
      '',
    ].join('\n'),
    'not-a-trace',
  ],
  ['binary data', Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 73) % 256)), 'not-a-trace'],
  ['trace.dat', Buffer.concat([Buffer.from([0x17, 0x08, 0x44]), Buffer.from('tracing6\0')]), 'binary-trace'],
  [
    'trace.dat, gzipped',
    gzipSync(Buffer.concat([Buffer.from([0x17, 0x08, 0x44]), Buffer.from('tracing6\0')])),
    'binary-trace',
  ],
  ['perf.data', 'PERFILE2 and so on', 'binary-trace'],
  ['gzip of nothing good', Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]), 'unreadable'],
  ['a header alone', '# tracer: nop\n#\n', 'no-known-event'],
  ['events of others', sched, 'no-known-event'],
] as const)('%s is refused in one line', async (_, content, code) => {
  const error = await read(content).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(TraceError);
  expect((error as TraceError).code).toBe(code);
  expect((error as TraceError).message).toMatch(/^\S*log: [^\n]+$/);
});

test('a directory, and a file that is not there', async () => {
  const sink = { record: () => {}, loss: () => {} };
  await expect(readTrace(folder, sink)).rejects.toMatchObject({ code: 'directory' });
  await expect(readTrace(join(folder, 'nothing'), sink)).rejects.toMatchObject({ code: 'not-found' });
});

test('text and gzip of it read alike, with progress by bytes of the file', async () => {
  const text = Array.from({ length: 20_000 }, (_, i) =>
    line.replace('4.663428', `4.${String(i).padStart(6, '0')}`),
  ).join('');
  for (const content of [text, gzipSync(text)]) {
    const { records, lost, progress } = await read(content);
    expect([records, lost, progress.at(-1)]).toEqual([20_000, 0, 1]);
    expect(progress).toEqual([...progress].sort((x, y) => x - y));
  }
});

test('gzip that breaks off is read as far as it goes, and the loss is said', async () => {
  const text = Array.from({ length: 20_000 }, (_, i) =>
    line.replace('4.663428', `4.${String(i).padStart(6, '0')}`),
  ).join('');
  const whole = gzipSync(text);
  const { records, summary } = await read(whole.subarray(0, whole.length / 2));
  expect(records).toBeGreaterThan(1000);
  expect(summary.losses.truncated).toBe(1);
});

test('a line without end does not fill the memory', async () => {
  const { records, summary } = await read(`${line}${'x'.repeat(5_000_000)}\n${line.replace('4.66', '4.77')}`);
  expect([records, summary.losses.garbled, summary.lines]).toEqual([2, 1, 3]);
});

test('an exception of the sink ends the reading and is passed on', async () => {
  writeFileSync(join(folder, 'log'), line);
  const sink = {
    record: () => {
      throw new Error('enough');
    },
    loss: () => {},
  };
  await expect(readTrace(join(folder, 'log'), sink)).rejects.toThrow('enough');
});
