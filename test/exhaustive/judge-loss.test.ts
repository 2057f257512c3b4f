/** Loss that a log declares never makes a violation: real logs, cut, garbled, with parts missing. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { V5 } from '../../src/series/index.ts';
import { TraceError } from '../../src/trace/index.ts';
import { judgeText, Specification } from '../../src/trace/judge/index.ts';

const text = (name: string) =>
  gunzipSync(readFileSync(new URL(`../fixtures/traces/${name}.txt.gz`, import.meta.url))).toString('latin1');

/** Those without a violation, and small enough to be read many times. */
const LOGS = [
  'linux-7.3/contexts',
  'linux-7.3/unbind',
  'linux-7.3/atomic-pools',
  'linux-6.12/unbind',
  'linux-6.12/steady-small',
].map((name) => [name, text(name).split('\n')] as const);
const HEADER = 12;
const specification = new Specification(V5);

function violations(lines: readonly string[]): string[] {
  try {
    const { properties } = judgeText(lines.join('\n'), specification).verdict;
    return properties
      .filter(({ violations }) => violations > 0)
      .map(({ name, first }) => `${name}, line ${first[0]!.line}: ${first[0]!.because}`);
  } catch (error) {
    // Too little is left of it.
    if (error instanceof TraceError) return [];
    throw error;
  }
}

const log = fc.constantFrom(...LOGS);
const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (lines: readonly string[], where: number) =>
  HEADER + Math.floor(where * (lines.length - HEADER - 1));
const runs = { numRuns: 40, seed: 5 } as const;

describe('what is missing makes no violation', () => {
  test('whole, they have none', () => {
    for (const [name, lines] of LOGS) expect([name, violations(lines)]).toEqual([name, []]);
  });

  test('lines cut in half', () => {
    fc.assert(
      fc.property(
        log,
        fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 4 }),
        ([, lines], cuts) => {
          const copy = [...lines];
          for (const [line, end] of cuts) {
            const i = at(copy, line);
            copy[i] = copy[i]!.slice(0, Math.floor(end * copy[i]!.length));
          }
          expect(violations(copy)).toEqual([]);
        },
      ),
      runs,
    );
  });

  test('garbage in lines', () => {
    fc.assert(
      fc.property(
        log,
        place,
        place,
        fc.string({ minLength: 1, maxLength: 8, unit: 'binary' }),
        ([, lines], line, where, garbage) => {
          const copy = [...lines];
          const i = at(copy, line);
          const begin = Math.floor(where * copy[i]!.length);
          copy[i] = `${copy[i]!.slice(0, begin)}\u0001${garbage}${copy[i]!.slice(begin + garbage.length)}`;
          expect(violations(copy)).toEqual([]);
        },
      ),
      runs,
    );
  });

  test('events that the log says were lost', () => {
    fc.assert(
      fc.property(log, place, fc.nat(400), fc.nat(1), ([, lines], where, gone, cpu) => {
        const copy = [...lines];
        copy.splice(at(copy, where), gone, `CPU:${cpu} [LOST ${gone} EVENTS]`);
        expect(violations(copy)).toEqual([]);
      }),
      runs,
    );
  });

  test('a head and a tail that are missing', () => {
    fc.assert(
      fc.property(log, place, place, fc.nat(80), ([, lines], head, tail, half) => {
        const copy = lines.slice(
          Math.min(at(lines, head), at(lines, tail)),
          Math.max(at(lines, head), at(lines, tail)) + 1,
        );
        copy[copy.length - 1] = copy.at(-1)!.slice(0, half);
        expect(violations(copy)).toEqual([]);
      }),
      runs,
    );
  });

  test('a buffer that overran: one CPU begins later', () => {
    fc.assert(
      fc.property(log, place, fc.nat(1), fc.boolean(), ([, lines], where, cpu, said) => {
        const begin = at(lines, where);
        const own = `[00${cpu}]`;
        const late = lines.findIndex((line, i) => i >= begin && line.includes(own));
        const copy = lines.flatMap((line, i) => {
          if (line.startsWith('# entries')) return ['# entries-in-buffer/entries-written: 10/9999   #P:2'];
          if (i < begin && line.includes(own)) return [];
          return said && i === late ? [`##### CPU ${cpu} buffer started ####`, line] : [line];
        });
        // Without the declaration the CPU must be silent to the end, or the log would not be one.
        expect(violations(said ? copy : copy.filter((line, i) => i < HEADER || !line.includes(own)))).toEqual(
          [],
        );
      }),
      runs,
    );
  });
});
