/** The key tells two kernels apart whatever it is that differs: every table and every field of the state is in it. */
import { expect, test } from 'vitest';
import { StateKeys } from '../../src/conformance/state-key.ts';
import { fieldsOf } from '../../src/kernel/dma/swiotlb-slots.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import { kernelOf } from '../kernel/platforms.ts';

/** A kernel in which every table has an entry. */
function full(): Kernel {
  const k = kernelOf('pkvm', 'v5', { devices: 2, cmaPages: 2, zonePools: true });
  const s = k.state;
  s.locks.push({ name: 'a', owner: 'b' });
  for (const array of s.slots) fieldsOf(array);
  s.rcu.gp = { readers: ['x'], callbacks: [{ fn: 'swiotlb_dyn_free', head: 1, cpu: 0 }] };
  s.queued.push({ work: 'dyn_alloc', pool: 0, cpu: 0 });
  s.buddy.used.push(1, 2);
  s.memory.bytes[0] = [1, 2];
  (s.drivers[0] as { mapping: unknown }).mapping = { dma: 1, bytes: 2 };
  s.drivers[0]!.allocations.push({
    fn: 'dma_alloc_attrs',
    cpu_addr: 1,
    page: 2,
    dma: 3,
    bytes: 4,
    attrs: '',
  });
  s.deviceViews.push({ phys: 1, size: 2, bytes: [[3, 4]] });
  s.iommu.push({ dev: 0, iova: 1, frames: [2], cbit: false });
  (s as { globalPool: unknown }).globalPool = { phys: 1, vaddr: 2, bits: [0] };
  s.tasks[0]!.stack.push({ fn: 'f', at: 1, local: 2 });
  return k;
}

/** Everything that does not change while a kernel lives, and what another part of the state decides. */
const FIXED = ['memory.banks', 'memory.pteEncryption', '.pending'];

type Node = Record<string, unknown>;

/** Paths to all plain values. */
function leaves(value: unknown, path: string): string[] {
  if (FIXED.some((fixed) => path.endsWith(fixed) || path.includes(`${fixed}.`))) return [];
  if (value === null || typeof value !== 'object') return [path];
  const keys = Object.keys(value);
  // Long tables of numbers: their ends.
  const some = Array.isArray(value) && keys.length > 4 ? [keys[0]!, keys.at(-1)!] : keys;
  return some.flatMap((key) => leaves((value as Node)[key], path === '' ? key : `${path}.${key}`));
}

function change(root: object, path: string): void {
  const keys = path.split('.');
  let node = root as Node;
  for (const key of keys.slice(0, -1)) {
    // Arrays that kernels share are replaced, never written to.
    const inner = node[key];
    node[key] = Array.isArray(inner) ? [...inner] : { ...(inner as Node) };
    node = node[key] as Node;
  }
  const last = keys.at(-1)!;
  const old = node[last];
  if (typeof old === 'number') node[last] = old + 1;
  else if (typeof old === 'boolean') node[last] = !old;
  else if (typeof old === 'string') node[last] = `${old}x`;
  else node[last] = 1;
}

test('one value that differs makes another key', () => {
  const keys = new StateKeys();
  const same = keys.of(full(), '');
  expect(keys.of(full(), '')).toBe(same);
  expect(keys.of(full(), 'progress')).not.toBe(same);
  const state = full().state;
  // A table that is empty would show nothing.
  for (const [name, table] of Object.entries(state))
    if (Array.isArray(table)) expect([name, table.length > 0]).toEqual([name, true]);
  const paths = leaves(state, '');
  expect(paths.length).toBeGreaterThan(150);
  const unseen = paths.filter((path) => {
    const k = full();
    change(k.state, path);
    return keys.of(k, '') === same;
  });
  expect(unseen).toEqual([]);
});
