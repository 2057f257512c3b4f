/** Which return belongs to which entry. */
import { expect, test } from 'vitest';
import { Pairing } from '../../src/trace/index.ts';
import { readText } from './read.ts';

let clock = 0;
const line = (task: string, pid: number, cpu: number, flags: string, body: string) =>
  `${task.padStart(16)}-${String(pid).padEnd(7)} [00${cpu}] ${flags}     4.${String(++clock).padStart(6, '0')}: ${body}\n`;
const entry = (func: string, n: number) => `${func}: (${func}+0x4/0x70) addr=0x${n}`;
const exit = (func: string, n: number) => `${func}_ret: (somewhere+0x10/0x70 <- ${func}) ret=0x${n}`;

/** Pairs as `argument>result`, and the counts. */
function pairs(text: string) {
  const { records, losses } = readText(text);
  const pairing = new Pairing();
  const found: string[] = [];
  for (const item of [...records, ...losses].sort((x, y) => x.line - y.line)) {
    if ('hides' in item) pairing.lost(item);
    else {
      const pair = pairing.push(item);
      if (pair) found.push(`${pair.entry.hex('addr')}>${pair.exit.hex('ret')}`);
    }
  }
  return { found, counts: pairing.counts };
}

test('two tasks on one CPU, and a task that moves to another', () => {
  const { found } = pairs(
    line('a', 1, 0, '.....', entry('vmap', 1)) +
      line('b', 2, 0, '.....', entry('vmap', 2)) +
      line('a', 1, 1, '.....', exit('vmap', 3)) +
      line('b', 2, 0, '.....', exit('vmap', 4)),
  );
  expect(found).toEqual(['1>3', '2>4']);
});

test('an interrupt runs under the pid of what it interrupts', () => {
  const { found } = pairs(
    line('a', 1, 0, '.....', entry('vmap', 1)) +
      line('a', 1, 0, 'd.h1.', entry('vmap', 2)) +
      line('a', 1, 0, 'd.h1.', exit('vmap', 3)) +
      line('a', 1, 0, '..s1.', entry('vmap', 4)) +
      line('a', 1, 0, '..s1.', exit('vmap', 5)) +
      line('a', 1, 0, '.....', exit('vmap', 6)),
  );
  expect(found).toEqual(['2>3', '4>5', '1>6']);
});

test('every CPU has an idle task of its own', () => {
  const { found } = pairs(
    line('<idle>', 0, 0, '..s1.', entry('vmap', 1)) +
      line('<idle>', 0, 1, '..s1.', entry('vmap', 2)) +
      line('<idle>', 0, 0, '..s1.', exit('vmap', 3)) +
      line('<idle>', 0, 1, '..s1.', exit('vmap', 4)),
  );
  expect(found).toEqual(['1>3', '2>4']);
});

test('calls within calls; entries without return probes are no error', () => {
  const { found, counts } = pairs(
    line('a', 1, 0, '.....', entry('dma_direct_alloc', 1)) +
      line('a', 1, 0, '.....', entry('swiotlb_free_tlb', 9)) +
      line('a', 1, 0, '.....', entry('vmap', 2)) +
      line('a', 1, 0, '.....', exit('vmap', 3)) +
      line('a', 1, 0, '.....', exit('dma_direct_alloc', 4)),
  );
  expect(found).toEqual(['2>3', '1>4']);
  expect(counts).toMatchObject({ entriesAlone: 0, exitsAlone: 0 });
});

test('a return without its entry, an entry without its return: counted, and the next call pairs', () => {
  const { found, counts } = pairs(
    line('a', 1, 0, '.....', exit('vmap', 9)) +
      line('a', 1, 0, '.....', entry('vmap', 1)) +
      line('a', 1, 0, '.....', exit('vmap', 2)) +
      line('a', 1, 0, '.....', entry('vmap', 3)) +
      line('a', 1, 0, '.....', entry('vmap', 4)) +
      line('a', 1, 0, '.....', exit('vmap', 5)),
  );
  expect(found).toEqual(['1>2', '4>5']);
  expect(counts).toMatchObject({ exitsAlone: 1, entriesAlone: 1 });
});

test('nothing is paired across a loss', () => {
  const { found, counts } = pairs(
    line('a', 1, 0, '.....', entry('vmap', 1)) +
      line('a', 1, 0, '.....', exit('vmap', 2)) +
      line('a', 1, 0, '.....', entry('vmap', 3)) +
      'CPU:0 [LOST 2 EVENTS]\n' +
      line('a', 1, 0, '.....', exit('vmap', 4)),
  );
  expect(found).toEqual(['1>2']);
  expect(counts).toMatchObject({ resynchronised: 1, exitsAlone: 1 });
});

test('two probes at one entry: the return goes to the one that it is named after', () => {
  const { found } = pairs(
    line('a', 1, 0, '...2.', `fp: (vmap+0x4/0x70) addr=0x1`) +
      line('a', 1, 0, '...1.', entry('vmap', 2)) +
      line('a', 1, 0, '.....', exit('vmap', 3)),
  );
  expect(found).toEqual(['2>3']);
});
