import { describe, expect, test } from 'vitest';
import { set_memory_decrypted, set_memory_encrypted } from '../../src/kernel/arch/set-memory.ts';
import type { PlatformFacts } from '../../src/kernel/config.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import {
  HOST_SHARED,
  PTE_INVALID,
  PTE_SHARED,
  pageIndex,
  phys_to_virt,
  readByte,
  UNCERTAIN,
  VMALLOC_START,
  writeByte,
} from '../../src/kernel/memory.ts';
import { takeBlock } from '../../src/kernel/page-alloc.ts';
import type { Answer } from '../../src/kernel/steps.ts';
import type { Task } from '../../src/kernel/task.ts';
import { CCA, machine, TDX, V5 } from './machine.ts';

const SHARED = PTE_SHARED | HOST_SHARED;
type Convert = typeof set_memory_decrypted;

/** Four pages, converted on the reader's thread with these answers; what came back, and page codes. */
function run(
  platform: PlatformFacts,
  calls: readonly (readonly [Convert, readonly Answer[]])[],
): { rets: number[]; codes: number[]; steps: string[] } {
  const k = machine(platform, V5);
  const phys = takeBlock(k.state.buddy, 2);
  const rets: number[] = [];
  const steps: string[] = [];
  for (const [convert, answers] of calls) {
    const left = [...answers];
    k.start(k.task('reader/1'), body(k, k.task('reader/1'), convert, phys, rets));
    for (;;) {
      const p = k.pending()[0];
      if (p === undefined) break;
      k.resume('reader/1', p.step.answers === undefined ? undefined : (left.shift() ?? 'ok'));
      steps.push(p.step.name);
    }
    expect(left).toEqual([]);
  }
  const first = pageIndex(k.state.memory, phys);
  return { rets, codes: k.state.memory.codes.slice(first, first + 4), steps };
}

function* body(k: Kernel, t: Task, convert: Convert, phys: number, rets: number[]) {
  rets.push(yield* convert(k, t, phys_to_virt(phys), 4));
}

const to = set_memory_decrypted;
const back = set_memory_encrypted;

describe('tdx', () => {
  test('there and back', () => {
    const there = run(TDX, [[to, []]]);
    expect(there).toEqual({
      rets: [0],
      codes: [SHARED, SHARED, SHARED, SHARED],
      steps: [
        'set_memory_decrypted',
        'conversion_begin',
        'host_call',
        'host_call',
        'set_memory_decrypted_ret',
      ],
    });
    expect(
      run(TDX, [
        [to, []],
        [back, []],
      ]),
    ).toMatchObject({ rets: [0, 0], codes: [0, 0, 0, 0] });
  });

  const U = UNCERTAIN;
  test.each<[string, [Convert, Answer[]][], number, number[]]>([
    ['decrypt refused at once', [[to, ['fail']]], -16, [U, U, U, U]],
    ['decrypt, first host call', [[to, ['ok', 'fail']]], -5, [1, 1, 1, 1].map((c) => c | U)],
    ['decrypt, second host call', [[to, ['ok', 'ok', 'fail']]], -5, [SHARED, 1, 1, 1].map((c) => c | U)],
    [
      'encrypt refused at once',
      [
        [to, []],
        [back, ['fail']],
      ],
      -16,
      [3, 3, 3, 3].map((c) => c | U),
    ],
    [
      'encrypt, first host call',
      [
        [to, []],
        [back, ['ok', 'fail']],
      ],
      -5,
      [3, 3, 3, 3].map((c) => c | U),
    ],
    [
      'encrypt, second host call',
      [
        [to, []],
        [back, ['ok', 'ok', 'fail']],
      ],
      -5,
      [1, 3, 3, 3].map((c) => c | U),
    ],
    [
      'encrypt, page table',
      [
        [to, []],
        [back, ['ok', 'ok', 'ok', 'fail']],
      ],
      -12,
      [1, 1, 1, 1].map((c) => c | U),
    ],
  ])('%s', (_, calls, ret, codes) => {
    const r = run(TDX, calls);
    expect(r.rets.at(-1)).toBe(ret);
    expect(r.codes).toEqual(codes);
  });

  test('a full encryption after a failed decryption makes the state certain again', () => {
    expect(
      run(TDX, [
        [to, ['ok', 'ok', 'fail']],
        [back, []],
      ]).codes,
    ).toEqual([0, 0, 0, 0]);
  });
});

describe('cca', () => {
  const I = PTE_INVALID | UNCERTAIN;
  test('there and back', () => {
    expect(run(CCA, [[to, []]])).toEqual({
      rets: [0],
      codes: [SHARED, SHARED, SHARED, SHARED],
      steps: [
        'set_memory_decrypted',
        'conversion_begin',
        'host_call',
        'host_call',
        'conversion_end',
        'set_memory_decrypted_ret',
      ],
    });
    expect(
      run(CCA, [
        [to, []],
        [back, []],
      ]).codes,
    ).toEqual([0, 0, 0, 0]);
  });

  test.each<[string, [Convert, Answer[]][], number, number[]]>([
    ['decrypt refused at once', [[to, ['fail']]], -12, [8, 8, 8, 8]],
    [
      'decrypt, first call: all entries stay invalid',
      [[to, ['ok', 'fail']]],
      -22,
      [1, 1, 1, 1].map((c) => c | I),
    ],
    ['decrypt, second call', [[to, ['ok', 'ok', 'fail']]], -22, [3, 1, 1, 1].map((c) => c | I)],
    [
      'encrypt, second call',
      [
        [to, []],
        [back, ['ok', 'ok', 'fail']],
      ],
      -22,
      [0, 2, 2, 2].map((c) => c | I),
    ],
  ])('%s', (_, calls, ret, codes) => {
    const r = run(CCA, calls);
    expect(r.rets.at(-1)).toBe(ret);
    expect(r.codes).toEqual(codes);
  });

  test('an address outside the linear map is refused without a step in between', () => {
    const k = machine(CCA, V5);
    const t = k.task('reader/1');
    k.start(
      t,
      (function* () {
        yield* set_memory_encrypted(k, t, VMALLOC_START, 2);
      })(),
    );
    expect(k.resume('reader/1')[0]!.step).toBe('set_memory_encrypted');
    expect(k.pending()[0]!.step).toMatchObject({ name: 'set_memory_encrypted_ret', args: { ret: -22 } });
  });
});

test('what a page held is lost when it changes hands', () => {
  for (const platform of [TDX, CCA]) {
    const k = machine(platform, V5);
    const phys = takeBlock(k.state.buddy, 2);
    writeByte(k.state.memory, phys + 5000, 7);
    const t = k.task('reader/1');
    k.start(
      t,
      (function* () {
        yield* set_memory_decrypted(k, t, phys_to_virt(phys), 4);
      })(),
    );
    while (k.pending().length > 0)
      k.resume('reader/1', k.pending()[0]!.step.answers === undefined ? undefined : 'ok');
    expect(readByte(k.state.memory, phys + 5000)).toBe(0);
  }
});

test('a conversion says whether it was entered where sleeping is allowed, and goes on in any case', () => {
  for (const context of ['process', 'atomic'] as const) {
    const k = machine(TDX, V5);
    const t = k.task('reader/1');
    t.context = context;
    k.start(
      t,
      (function* () {
        yield* set_memory_decrypted(k, t, phys_to_virt(takeBlock(k.state.buddy, 0)), 1);
      })(),
    );
    const [record] = k.resume('reader/1');
    expect(record!.mightSleep).toBe(context === 'process' ? 'allowed' : 'forbidden');
    expect(t.stack[0]).toMatchObject({ fn: 'set_memory_decrypted', mayNotSleep: context !== 'process' });
    expect(k.pending()[0]!.step.name).toBe('conversion_begin');
  }
});
