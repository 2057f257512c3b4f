/** The table of mutants: what is counted, what must be explained, and what `--check` says of two tables. */
import { describe, expect, test } from 'vitest';
import { firstChange, jsonOf } from '../../src/conformance/mutants/json.ts';
import type { Outcome } from '../../src/conformance/mutants/judge.ts';
import type { JudgedMutant } from '../../src/conformance/mutants/run.ts';
import { markdownOf, percent, reasonProblems, summary } from '../../src/conformance/mutants/table.ts';

const mutant = (id: string, by: Outcome['by'], name = ''): JudgedMutant => ({
  id,
  machine: id.split('/')[0]!,
  kind: 'drop',
  change: 'no transition to b',
  outcome: { by, name, on: by === 'survived' ? 'v5, tdx' : '', text: 'this happens' },
});
const MUTANTS = [
  mutant('m/a/e/drop', 'property', 'no-leak'),
  mutant('m/b/e/drop', 'simulator', 'state'),
  mutant('m/c/e/drop', 'survived'),
  mutant('n/a/e/drop', 'equivalent', 'never taken'),
];
const ALL = [{ system: 'toy', mutants: MUTANTS }];
const REASONS = { toy: { 'm/c/e/drop': 'Nobody can see it from outside.' } };
const json = (mutants = MUTANTS) => jsonOf([{ system: 'toy', mutants }], REASONS);

describe('what is counted', () => {
  test('the caught in those that are not equivalent', () => {
    expect(summary(MUTANTS)).toEqual({
      total: 4,
      by: { refused: 0, property: 1, simulator: 1, equivalent: 1, survived: 1 },
      caught: 1 - 1 / 3,
    });
    expect(summary([]).caught).toBe(1);
  });

  test('a share is never rounded up', () => {
    expect([percent(0.94999), percent(0.95), percent(1)]).toEqual(['94.9 %', '95.0 %', '100.0 %']);
  });
});

describe('survivors', () => {
  test('need a reason, and a reason needs a survivor', () => {
    expect(reasonProblems(ALL, REASONS, false)).toEqual([]);
    expect(reasonProblems(ALL, {}, false)).toEqual(['toy: m/c/e/drop survives, and no reason is given']);
    expect(reasonProblems(ALL, { toy: { 'm/c/e/drop': '  ' } }, false)).toHaveLength(1);
    const stale = { toy: { ...REASONS.toy, 'm/a/e/drop': 'Once.', 'o/x/e/drop': 'Gone.' } };
    expect(reasonProblems(ALL, stale, false)).toEqual([
      'a reason is given for toy: m/a/e/drop, which does not survive; take it out',
      'a reason is given for toy: o/x/e/drop, which does not survive; take it out',
    ]);
    // A run of some mutants says nothing of the others.
    expect(reasonProblems(ALL, stale, true)).toHaveLength(1);
  });

  test('stand in both files with their reason', () => {
    expect(markdownOf(ALL, REASONS)).toContain(
      '- `m/c/e/drop` (no transition to b). v5, tdx: this happens. Nobody can see it from outside.\n',
    );
    expect(JSON.parse(json()).systems[0].told).toEqual([
      {
        id: 'm/c/e/drop',
        change: 'no transition to b',
        text: 'this happens',
        reason: 'Nobody can see it from outside.',
      },
    ]);
  });

  test('the columns of the table add up', () => {
    const row = (name: string) => new RegExp(`^\\| ${name} \\|.*$`, 'm').exec(markdownOf(ALL, REASONS))?.[0];
    expect(row('m')).toBe('| m | 3 | 0 | 1 | 1 | 0 | 1 | 66.6 % |');
    expect(row('n')).toBe('| n | 1 | 0 | 0 | 0 | 1 | 0 | - |');
    expect(row('all')).toBe('| all | 4 | 0 | 1 | 1 | 1 | 1 | 66.6 % |');
  });
});

describe('the first difference of two tables', () => {
  const changed = (index: number, other: JudgedMutant | null) =>
    MUTANTS.flatMap((one, i) => (i !== index ? [one] : other === null ? [] : [other]));

  test('is a mutant that another one catches, or the same says otherwise', () => {
    expect(firstChange(json(), json(), false)).toBeNull();
    expect(firstChange(json(), json(changed(0, mutant('m/a/e/drop', 'survived'))), false)).toBe(
      'toy: m/a/e/drop: was property (no-leak), is survived',
    );
    const { outcome } = MUTANTS[2]!;
    const elsewhere = { ...MUTANTS[2]!, outcome: { ...outcome, on: 'v5, cca' } };
    expect(firstChange(json(), json(changed(2, elsewhere)), false)).toBe(
      'toy: m/c/e/drop: survived on v5, tdx, and now on v5, cca',
    );
    const other = { ...MUTANTS[2]!, outcome: { ...outcome, text: 'that happens' } };
    expect(firstChange(json(), json(changed(2, other)), false)).toMatch(/told otherwise/);
  });

  test('is a mutant that is new, or gone unless only some were run', () => {
    const fewer = json(changed(3, null));
    expect(firstChange(fewer, json(), false)).toBe('toy: n/a/e/drop is new: equivalent (never taken)');
    expect(firstChange(json(), fewer, false)).toBe('toy: n/a/e/drop is no mutant any more');
    expect(firstChange(json(), fewer, true)).toBeNull();
  });
});
