/** The conversion protocols of all platforms: what each leaves behind, answer by answer. */
import { describe, expect, test } from 'vitest';
import { set_memory_decrypted, set_memory_encrypted } from '../../src/kernel/arch/set-memory.ts';
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
import { everyAnswer, kernelOf, NAMES } from './platforms.ts';

type Convert = typeof set_memory_decrypted;
const to = set_memory_decrypted;
const back = set_memory_encrypted;

interface Outcome {
  /** Page codes as text, one word a page: t page table shared, h host shared, i invalid, ? uncertain. */
  readonly pages: string;
  readonly ret: number | 'over';
}

const word = (code: number): string =>
  [
    [PTE_SHARED, 't'],
    [HOST_SHARED, 'h'],
    [PTE_INVALID, 'i'],
    [UNCERTAIN, '?'],
  ]
    .map(([bit, letter]) => ((code & (bit as number)) !== 0 ? letter : ''))
    .join('') || '-';

function* calling(k: Kernel, t: Task, convert: Convert, addr: number, pages: number, rets: number[]) {
  rets.push(yield* convert(k, t, addr, pages));
}

/** Convert on the reader's thread; the answers run out into ok. */
function call(k: Kernel, convert: Convert, addr: number, pages: number, answers: readonly Answer[]) {
  const t = k.task('reader/1');
  const rets: number[] = [];
  const left = [...answers];
  let choices = 0;
  k.start(t, calling(k, t, convert, addr, pages, rets));
  const steps: string[] = [];
  while (k.pending()[0]?.runnable === true) {
    const { step } = k.pending()[0]!;
    steps.push(step.name);
    if (step.answers !== undefined) choices++;
    k.resume('reader/1', step.answers === undefined ? undefined : (left.shift() ?? 'ok'));
  }
  return { ret: rets[0] ?? ('over' as const), choices, steps };
}

/** Three pages, first converted to where `convert` starts from; every way in which `convert` can end. */
function ways(platform: string, convert: Convert): Record<string, Outcome> {
  const all = everyAnswer((answers) => {
    const k = kernelOf(platform);
    const phys = takeBlock(k.state.buddy, 2);
    if (convert === back) call(k, to, phys_to_virt(phys), 3, []);
    const { ret, choices } = call(k, convert, phys_to_virt(phys), 3, answers);
    const first = pageIndex(k.state.memory, phys);
    const pages = k.state.memory.codes
      .slice(first, first + 3)
      .map(word)
      .join(' ');
    return { result: { pages, ret }, choices };
  });
  return Object.fromEntries(
    all.map(({ answers, result }) => [
      answers.map((a) => (a === 'ok' ? '+' : '-')).join('') || '(nothing asked)',
      result,
    ]),
  );
}

/** As the host of each platform can answer: +: ok, -: fail, in the order of the choices. */
const TO_SHARED: Record<string, Record<string, [string, number | 'over']>> = {
  sev: { '+++': ['th th th', 0], '-': ['? ? ?', -16], '+-': ['? ? ?', -12], '++-': ['th? ? ?', -12] },
  snp: {
    '++++': ['th th th', 0],
    '-': ['? ? ?', -16],
    '+-': ['- - -', 'over'],
    '++-': ['h - -', 'over'],
    '+++-': ['h? h? h?', -12],
  },
  tdx: { '+++': ['th th th', 0], '-': ['? ? ?', -16], '+-': ['t? t? t?', -5], '++-': ['th? t? t?', -5] },
  vtom: { '+++': ['th th th', 0], '-': ['? ? ?', -16], '+-': ['t? t? t?', -14], '++-': ['th? t? t?', -14] },
  cca: {
    '+++': ['th th th', 0],
    '-': ['? ? ?', -12],
    '+-': ['ti? ti? ti?', -22],
    '++-': ['thi? ti? ti?', -22],
  },
  pkvm: { '++': ['th th th', 0], '-': ['? ? ?', -1], '+-': ['th? ? ?', -1] },
  's390-pv': { '++': ['th th th', 0], '-': ['- - -', 'over'], '+-': ['th - -', 'over'] },
  'ppc-svm': { '+': ['th th th', 0], '-': ['- - -', 0] },
  sme: { '++': ['th th th', 0], '-': ['? ? ?', -12], '+-': ['th? ? ?', -12] },
  plain: { '(nothing asked)': ['- - -', 0] },
};
const TO_PRIVATE: typeof TO_SHARED = {
  sev: {
    '+++': ['- - -', 0],
    '-': ['th? th? th?', -16],
    '+-': ['th? th? th?', -12],
    '++-': ['? th? th?', -12],
  },
  snp: {
    '+++': ['- - -', 0],
    '-': ['th? th? th?', -16],
    '+-': ['h h h', 'over'],
    '++-': ['- h h', 'over'],
  },
  tdx: {
    '++++': ['- - -', 0],
    '-': ['th? th? th?', -16],
    '+-': ['th? th? th?', -5],
    '++-': ['t? th? th?', -5],
    '+++-': ['t? t? t?', -12],
  },
  vtom: { '+++': ['- - -', 0], '-': ['th? th? th?', -16], '+-': ['h? h? h?', -14], '++-': ['? h? h?', -14] },
  cca: {
    '+++': ['- - -', 0],
    '-': ['th? th? th?', -12],
    '+-': ['hi? hi? hi?', -22],
    '++-': ['i? hi? hi?', -22],
  },
  pkvm: { '++': ['- - -', 0], '-': ['th? th? th?', -1], '+-': ['? th? th?', -1] },
  's390-pv': { '++': ['- - -', 0], '-': ['th th th', 'over'], '+-': ['- th th', 'over'] },
  'ppc-svm': { '+': ['- - -', 0], '-': ['th th th', 0] },
  sme: { '++': ['- - -', 0], '-': ['th? th? th?', -12], '+-': ['? th? th?', -12] },
  plain: { '(nothing asked)': ['- - -', 0] },
};

test('an example: a protected KVM guest asks page by page, and stops at the first refusal', () => {
  const k = kernelOf('pkvm');
  const phys = takeBlock(k.state.buddy, 1);
  const { ret, steps } = call(k, to, phys_to_virt(phys), 2, ['ok', 'fail']);
  expect(steps).toEqual(['set_memory_decrypted', 'host_call', 'host_call', 'set_memory_decrypted_ret']);
  expect(ret).toBe(-1);
  const first = pageIndex(k.state.memory, phys);
  expect(k.state.memory.codes.slice(first, first + 2).map(word)).toEqual(['th?', '?']);
});

describe.each(NAMES)('%s', (name) => {
  const told = (table: Record<string, [string, number | 'over']>): Record<string, Outcome> =>
    Object.fromEntries(Object.entries(table).map(([answers, [pages, ret]]) => [answers, { pages, ret }]));

  test('to shared: every answer', () => {
    expect(ways(name, to)).toEqual(told(TO_SHARED[name]!));
  });

  test('to private: every answer', () => {
    expect(ways(name, back)).toEqual(told(TO_PRIVATE[name]!));
  });

  test('after a failure that is told, encrypting in full makes the state known and private again', () => {
    const all = everyAnswer((answers) => {
      const k = kernelOf(name);
      const phys = takeBlock(k.state.buddy, 2);
      const { ret, choices } = call(k, to, phys_to_virt(phys), 4, answers);
      if (ret !== 'over') expect(call(k, back, phys_to_virt(phys), 4, []).ret).toBe(0);
      const first = pageIndex(k.state.memory, phys);
      return { result: { ret, codes: k.state.memory.codes.slice(first, first + 4) }, choices };
    });
    for (const { result } of all) if (result.ret !== 'over') expect(result.codes).toEqual([0, 0, 0, 0]);
    expect(all.length).toBeGreaterThan(name === 'plain' ? 0 : 1);
  });

  test('only those that may sleep check the context', () => {
    const k = kernelOf(name);
    const t = k.task('reader/1');
    t.context = 'atomic';
    k.start(t, calling(k, t, to, phys_to_virt(takeBlock(k.state.buddy, 0)), 1, []));
    const [record] = k.resume('reader/1');
    const sleeps = !['pkvm', 's390-pv', 'ppc-svm', 'plain'].includes(name);
    expect(record!.mightSleep).toBe(sleeps ? 'forbidden' : undefined);
  });

  test('contents are lost where series says so', () => {
    const k = kernelOf(name);
    const phys = takeBlock(k.state.buddy, 1);
    for (const offset of [5, 5000]) writeByte(k.state.memory, phys + offset, 7);
    call(k, to, phys_to_virt(phys), 2, []);
    const kept = ['pkvm', 's390-pv', 'ppc-svm', 'plain'].includes(name);
    expect([5, 5000].map((offset) => readByte(k.state.memory, phys + offset))).toEqual(
      kept ? [7, 7] : [0, 0],
    );
  });

  test('an alias is no address to convert: what happens to those who try', () => {
    const k = kernelOf(name);
    const before = k.state.memory.codes;
    const { ret } = call(k, back, VMALLOC_START + 0x10_0000, 2, []);
    const errors: Record<string, number> = { pkvm: -1, 's390-pv': 0, 'ppc-svm': 0, plain: 0 };
    expect(ret).toBe(errors[name] ?? -22);
    expect(k.state.memory.codes).toEqual(before);
  });
});

test('when the guest is over nothing more happens, in any task', () => {
  const k = kernelOf('s390-pv');
  const phys = takeBlock(k.state.buddy, 0);
  expect(call(k, to, phys_to_virt(phys), 1, ['fail']).ret).toBe('over');
  expect(k.state.ended).toMatch(/panic/);
  expect(k.stimuli()).toEqual([]);
  expect(k.offers('map')).toEqual([]);
  expect(k.pending().map(({ runnable }) => runnable)).toEqual([false]);
  expect(() => k.resume('reader/1')).toThrow(/the guest is over \(.*panic\)/);
  expect(() => k.stimulate('rcu_gp_start')).toThrow(/not accepted/);
});

test('a misaligned address is refused on powerpc', () => {
  const k = kernelOf('ppc-svm');
  expect(call(k, to, phys_to_virt(takeBlock(k.state.buddy, 0)) + 8, 1, []).ret).toBe(-22);
});
