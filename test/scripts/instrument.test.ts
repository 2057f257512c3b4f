/** Counters in a source: what they count, and that they change nothing else. */
import { transformSync } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { instrument, TAKEN } from '../../scripts/branches/instrument.ts';

/** Runs a function body with counters: what it returns, and the arms that were taken. */
function run(body: string, args: Readonly<Record<string, unknown>> = {}) {
  const { code, arms } = instrument(`function f(${Object.keys(args).join(', ')}) {${body}}`, 0);
  const taken = new Uint8Array(arms.length);
  const { code: plain } = transformSync(code, { loader: 'ts' });
  const result: unknown = new Function(TAKEN, '$args', `${plain} return f(...$args);`)(
    taken,
    Object.values(args),
  );
  return {
    result,
    taken: () => arms.filter((_, n) => taken[n] === 1).map(({ branch }) => branch),
    missed: () => arms.filter((_, n) => taken[n] === 0).map(({ branch }) => branch),
  };
}

test('an example: one side of an if, and the operand that decided', () => {
  const { result, taken, missed } = run('if (a && b) return 1; return 2;', { a: 0, b: 1 });
  expect(result).toBe(2);
  expect(taken()).toEqual(['f', 'f: if (a && b): no', 'f: a && b: a']);
  expect(missed()).toEqual(['f: if (a && b): yes', 'f: a && b: b']);
});

test('cases, defaults, and the nearest function', () => {
  const { taken, missed } = run(
    "const g = (n, m = 1) => { switch (n) { case 1: case m: return 'a'; default: return 'b'; } }; return g(1);",
  );
  expect(taken()).toEqual(['f', 'f/g', 'f/g: m = 1: by default', 'f/g: case 1', 'f/g: case m']);
  expect(missed()).toEqual(['f/g: default']);
});

test('a branch that recurs in a function has a number', () => {
  const { missed } = run('if (a) a = 0; if (a) a = 0;', { a: 0 });
  expect(missed()).toEqual(['f: if (a): yes', 'f: if (a): yes #2']);
});

test('a generator that is dropped while its condition waits went neither way', () => {
  const { result, taken } = run(
    'function* g() { if ((yield 1) > 0) return 2; } const it = g(); it.next(); return it;',
  );
  expect(taken()).toEqual(['f', 'f/g']);
  (result as Generator).next(0);
  expect(taken()).toEqual(['f', 'f/g', 'f/g: if ((yield 1) > 0): no']);
});

test('lines are those of the source, also behind characters of two units', () => {
  const source = "// 😀\nfunction f(a: number): string {\n  return a > 0 // 😀\n    ? 'x'\n    : 'y';\n}\n";
  const { code, arms } = instrument(source, 7);
  expect(arms.map(({ line, branch }) => [line, branch])).toEqual([
    [2, 'f'],
    [4, "f: a > 0 ? 'x'"],
    [5, "f: a > 0 : 'y'"],
  ]);
  expect(code.split('\n')[3]).toBe(`    ? (${TAKEN}[8]=1,'x')`);
});

describe('random programs', () => {
  /** Expressions over `v(n)`, which says that it was asked and answers by n. */
  const { statement } = fc.letrec<{ expression: string; statement: string }>((tie) => ({
    expression: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.nat(9).map((n) => `v(${n})`),
      fc
        .tuple(tie('expression'), fc.constantFrom('&&', '||'), tie('expression'))
        .map(([a, op, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(tie('expression'), tie('expression'), tie('expression'))
        .map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
      fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a} ?? ${b})`),
    ),
    statement: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      tie('expression').map((e) => `${e};`),
      fc.tuple(tie('statement'), tie('statement')).map(([a, b]) => `{${a} ${b}}`),
      fc.tuple(tie('expression'), tie('statement')).map(([e, a]) => `if (${e}) ${a}`),
      fc
        .tuple(tie('expression'), tie('expression'), tie('expression'))
        .map(([e, a, b]) => `if (${e}) ${a}; else if (${b}) ${a}; else ${b};`),
      fc
        .tuple(tie('expression'), tie('statement'))
        .map(([e, a]) => `switch (${e}) { case null: case 1: ${a} default: v(5); }`),
    ),
  }));
  const answers = [null, 0, 1, '', 'x', undefined, 1, 0, true, false];
  const tracing = (log: number[]) => (n: number) => {
    log.push(n);
    return answers[n];
  };

  test('do the same with counters as without', () => {
    fc.assert(
      fc.property(statement, (body) => {
        const [plain, counted]: [number[], number[]] = [[], []];
        new Function('v', body)(tracing(plain));
        run(body, { v: tracing(counted) });
        expect(counted).toEqual(plain);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test('one side of each if that is reached is taken', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), (a, b) => {
        const { taken } = run(`if (v(${a})) { if (v(${b})) ; }`, { v: (n: number) => answers[n] });
        const side = (n: number) => `f: if (v(${n})): ${answers[n] ? 'yes' : 'no'}`;
        const wanted = answers[a] ? (a === b ? [side(a), `${side(b)} #2`] : [side(a), side(b)]) : [side(a)];
        expect(taken().filter((one) => one.includes('if'))).toEqual(wanted);
      }),
      { seed: 2, numRuns: 200 },
    );
  });
});
