/** Real lines, mutated: nothing crashes or hangs, every line is accounted for, and what is torn is called torn. */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Pairing, TraceError } from '../../src/trace/index.ts';
import { type Read, readBytes, readFixture } from './read.ts';

const names = [
  'linux-7.3/steady-small.txt.gz',
  'linux-6.12/steady-small.txt.gz',
  'linux-7.3/trace-cmd-report-l.txt.gz',
  'linux-7.3/trace-cmd-report.txt.gz',
  'linux-7.3/atomic-pools.txt.gz',
  'linux-7.3/boot-function-tracer.txt.gz',
] as const;

/** The first lines of each file that are events, behind a header. */
const bases = new Map<string, string[]>();

beforeAll(async () => {
  for (const name of names) {
    const { records } = await readFixture(name);
    bases.set(
      name,
      records.slice(0, 400).map((record) => record.raw),
    );
  }
});

const base = (name: string): string[] => [...bases.get(name)!];
const joined = (lines: readonly string[]) => `# tracer: nop\n${lines.join('\n')}\n`;

/** A text that has more than bytes is encoded; the others are bytes, and mostly no text in any encoding. */
const BEYOND_BYTES = /[^\0-\xff]/;

/** Reads, or says that it was refused; any other exception is a bug. Calls are paired on the way. */
function survive(text: string): Read | undefined {
  try {
    const read = readBytes(Buffer.from(text, BEYOND_BYTES.test(text) ? 'utf8' : 'latin1'));
    const pairing = new Pairing();
    for (const record of read.records) pairing.push(record);
    for (const record of read.records) {
      for (const name of record.fields.names) {
        record.hex(name);
        record.int(name);
      }
      record.keep();
    }
    return read;
  } catch (error) {
    expect(error).toBeInstanceOf(TraceError);
    return undefined;
  }
}

/** What a record says, wherever it stands. */
const said = (read: Read, line: number) => {
  const record = read.records.find((other) => other.line === line);
  return record && { raw: record.raw, event: record.event, fields: [...record.fields] };
};

const file = fc.constantFrom(...names);
const places = fc.array(fc.nat(399), { minLength: 1, maxLength: 3 });

describe('mutations of which the outcome is known', () => {
  test('cut lines are losses, unless the cut is in their last word', () => {
    fc.assert(
      fc.property(file, places, fc.double({ min: 0, max: 1, noNaN: true }), (name, at, share) => {
        const lines = base(name);
        const cuts = new Map<number, string>();
        for (const place of at) {
          const whole = bases.get(name)![place]!;
          cuts.set(place, whole.slice(0, Math.floor(share * whole.length)));
          lines[place] = cuts.get(place)!;
        }
        const read = survive(joined(lines))!;
        for (const [place, cut] of cuts) {
          const whole = bases.get(name)![place]!;
          // A mark is free text; half a number and half a symbol are whole ones.
          const free = /tracing_mark_write: ./.test(cut) || cut.length >= whole.search(/[^ =]+$|$/);
          if (cut === '' || free) continue;
          const loss = read.losses.find(({ line }) => line === place + 2);
          expect([cut, loss?.hides]).toEqual([cut, true]);
          expect(said(read, place + 2)).toBeUndefined();
        }
      }),
      { numRuns: 150 },
    );
  });

  test('lines with binary garbage in them are losses, or say what they said but for the name of the task', () => {
    const garbage = fc.array(fc.integer({ min: 128, max: 255 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(file, places, fc.nat(300), garbage, (name, at, offset, bytes) => {
        const lines = base(name);
        const clean = survive(joined(base(name)))!;
        for (const place of at) {
          const whole = lines[place]!;
          const from = offset % whole.length;
          lines[place] =
            whole.slice(0, from) + String.fromCharCode(...bytes) + whole.slice(from + bytes.length);
        }
        const read = survive(joined(lines))!;
        for (const place of new Set(at)) {
          const now = said(read, place + 2);
          if (now === undefined || now.event === 'tracing_mark_write') continue;
          expect(now.event).toBe(said(clean, place + 2)!.event);
          expect(now.fields).toEqual(said(clean, place + 2)!.fields);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a line that is repeated is dropped and counted', () => {
    fc.assert(
      fc.property(file, places, (name, at) => {
        const lines = base(name);
        const clean = survive(joined(lines))!;
        const twice = lines.flatMap((line, i) => (at.includes(i) ? [line, line] : [line]));
        const read = survive(joined(twice))!;
        expect(read.summary.losses.duplicate - clean.summary.losses.duplicate).toBe(new Set(at).size);
        expect(read.records.length).toBe(clean.records.length);
      }),
      { numRuns: 60 },
    );
  });

  test('numbers that no kernel prints are losses', () => {
    const huge = fc.bigInt({ min: 10n ** 20n, max: 10n ** 40n });
    fc.assert(
      fc.property(file, fc.nat(399), fc.nat(30), huge, (name, place, which, number) => {
        const lines = base(name);
        const fields = [...lines[place]!.matchAll(/(?<==)(?:0x[0-9a-f]+|\d+)(?= |$)/g)];
        if (fields.length === 0) return;
        const field = fields[which % fields.length]!;
        lines[place] =
          lines[place]!.slice(0, field.index) + number + lines[place]!.slice(field.index + field[0].length);
        expect(said(survive(joined(lines))!, place + 2)).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });
});

describe('mutations of every kind', () => {
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(399), size: fc.nat(200) }),
    fc.record({ kind: fc.constant('head' as const), at: fc.nat(399), size: fc.nat(200) }),
    fc.record({ kind: fc.constant('swap' as const), at: fc.nat(399), size: fc.nat(399) }),
    fc.record({ kind: fc.constant('copy' as const), at: fc.nat(399), size: fc.nat(399) }),
    fc.record({ kind: fc.constant('drop' as const), at: fc.nat(399), size: fc.nat(20) }),
    fc.record({ kind: fc.constant('join' as const), at: fc.nat(399), size: fc.nat(1) }),
    fc.record({
      kind: fc.constant('put' as const),
      at: fc.nat(399),
      size: fc.nat(200),
      text: fc.oneof(
        fc.string(),
        fc.string({ unit: 'binary' }),
        fc.bigInt().map(String),
        fc.constant('\n# tracer: nop\n'),
      ),
    }),
  );

  test('every line is a record, a loss or a comment, and no more than that', () => {
    fc.assert(
      fc.property(file, fc.array(mutation, { minLength: 1, maxLength: 30 }), (name, mutations) => {
        let lines = base(name);
        for (const change of mutations) {
          const at = change.at % Math.max(1, lines.length);
          const line = lines[at] ?? '';
          if (change.kind === 'cut') lines[at] = line.slice(0, change.size);
          if (change.kind === 'head') lines[at] = line.slice(change.size);
          if (change.kind === 'swap') {
            const other = change.size % lines.length;
            lines[at] = lines[other]!;
            lines[other] = line;
          }
          if (change.kind === 'copy') lines.splice(change.size, 0, line);
          if (change.kind === 'drop') lines.splice(at, change.size);
          if (change.kind === 'join') lines.splice(at, 2, line + (lines[at + 1] ?? ''));
          if (change.kind === 'put')
            lines[at] = line.slice(0, change.size) + change.text + line.slice(change.size);
        }
        lines = lines.length === 0 ? [''] : lines;
        const text = joined(lines);
        const read = survive(text);
        if (!read) return;
        const total = text.split('\n').length - 1;
        expect(read.summary.lines).toBe(total);
        const accounted = [...read.records, ...read.losses].map(({ line }) => line);
        expect(new Set(accounted).size).toBe(accounted.length);
        const comments = text.split('\n').filter((line) => /^(?:#|\r?$| ?=> |CPU)/.test(line)).length - 1;
        expect(accounted.length).toBeGreaterThanOrEqual(total - comments);
      }),
      { numRuns: 150 },
    );
  });

  test('bytes of any kind, with a header and without', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), fc.boolean(), (text, header) => {
        survive(header ? `# tracer: nop\n${text}` : text);
      }),
      { numRuns: 200 },
    );
  });
});
