/** Where blocks end is nobody's business. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { TraceParser } from '../../src/trace/index.ts';
import { FIXTURES } from './read.ts';

const bytes = gunzipSync(readFileSync(resolve(FIXTURES, 'linux-6.12/steady-medium.txt.gz')));
const text = bytes.toString('latin1');

function read(size: number): { sum: number; records: number; losses: number } {
  let sum = 0;
  let losses = 0;
  const parser = new TraceParser({
    record: (record) => {
      sum = (sum * 31 + record.line + record.raw.length + record.time + (record.int('size') ?? 0)) % 2 ** 40;
    },
    loss: () => void losses++,
  });
  for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
  return { sum, records: parser.end().records, losses };
}

test.each([65_536, 4099, 17, 1 << 20])('pieces of %i bytes read as the whole', (size) => {
  const whole = read(bytes.length);
  expect(whole).toMatchObject({ records: 34_096, losses: 0 });
  expect(read(size)).toEqual(whole);
});

test('a second pass that knows what the first one has learnt finds more lines that were cut', () => {
  const lines = text.split('\n');
  // The only line of its event is cut at a blank: nothing in the log says that it is not whole.
  const odd = lines[20]!.replace(/: \w+: .*/, ': vmap: (vmap+0x4/0x70) pages=0x1000');
  const cut = [...lines.slice(0, 21), odd, ''].join('\n');
  const later = odd.replace('pages=0x1000', 'pages=0x1000 count=0x2');
  const parse = (log: string, parser: TraceParser) => {
    parser.push(Buffer.from(log));
    return parser.end().losses.truncated;
  };
  const sink = { record: () => {}, loss: () => {} };
  const first = new TraceParser(sink);
  expect(parse(cut, first)).toBe(0);
  const taught = new TraceParser(sink);
  parse(`${cut}${later}\n${later.replace('0x2', '0x3')}\n`, taught);
  expect(parse(cut, new TraceParser(sink, { shapes: taught.shapes }))).toBe(1);
});
