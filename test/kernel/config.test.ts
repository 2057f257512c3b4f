import { expect, test } from 'vitest';
import { ConfigReader } from '../../src/kernel/config.ts';
import { machine, OPTIONS, TDX, V5 } from './machine.ts';

test('what is read is remembered, with its answer, sorted', () => {
  const c = new ConfigReader({ patches: new Set([17]), platform: TDX, options: OPTIONS });
  c.patch(17);
  c.patch(3);
  c.fact('addressBit');
  c.option('trusted');
  expect(c.reads()).toEqual([
    { kind: 'fact', name: 'addressBit', value: null },
    { kind: 'option', name: 'trusted', value: false },
    { kind: 'patch', name: '3', value: false },
    { kind: 'patch', name: '17', value: true },
  ]);
});

test('a size that makes no kernel is refused by name', () => {
  expect(() => machine(TDX, V5, {}, { defaultAreas: 3 })).toThrow(
    'sizes.defaultAreas is 3: accepted is a power of two',
  );
  expect(() => machine(TDX, V5, {}, { atomicPoolBuffers: 0 })).toThrow(/atomicPoolBuffers is 0: accepted/);
});

test('state and trace are plain data', () => {
  const k = machine(TDX, V5);
  k.stimulate('map', { driver: 0, context: 'process', boundary: 'wide', bytes: 8192 });
  const record = k.resume('driver/0');
  expect(JSON.parse(JSON.stringify(k.state))).toEqual(k.state);
  expect(JSON.parse(JSON.stringify(record))).toEqual(record);
});
