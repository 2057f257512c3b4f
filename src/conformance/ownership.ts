/**
 * Who owns and who still refers to memory, worked out from the simulator's structures alone: free lists,
 * pool lists, gen_pool chunks, buffers, callbacks, work items, and the frames of running code.
 */

import type { Kernel } from '../kernel/kernel.ts';
import { PAGE_SIZE, pageIndex, phys_to_virt, translate } from '../kernel/memory.ts';
import type { IoTlbPool, KernelState } from '../kernel/state.ts';

/** Memory that one structure claims for itself. */
export interface Claim {
  readonly phys: number;
  readonly bytes: number;
  readonly owner: string;
}

/** Descriptors on a list, by address; a list that runs into freed memory ends there. */
export function listed(s: KernelState, head: number): IoTlbPool[] {
  const out: IoTlbPool[] = [];
  for (let addr = head; addr !== 0; ) {
    const pool = s.pools.find((p) => p.addr === addr);
    if (pool === undefined || out.includes(pool)) break;
    out.push(pool);
    addr = pool.next;
  }
  return out;
}

/** Bytes of a slot array's pages. */
function slotBytes(nslabs: number): number {
  return Math.ceil((nslabs * 24) / PAGE_SIZE) * PAGE_SIZE;
}

/** Memory of the atomic pools. */
export function atomicClaims(s: KernelState): Claim[] {
  return s.atomicPools.flatMap((a) =>
    a.pool.chunks.map((c) => ({
      phys: c.phys,
      bytes: c.bits.length * PAGE_SIZE,
      owner: `atomic pool ${a.name}`,
    })),
  );
}

/** Claims that exclude each other. Transient pools that borrow from an atomic pool are not among them. */
export function claims(s: KernelState): Claim[] {
  const atomic = atomicClaims(s);
  const out: Claim[] = [...atomic];
  const { free } = s.buddy;
  for (let i = 0; i < free.length; i += 2)
    out.push({
      phys: free[i]! * PAGE_SIZE,
      bytes: PAGE_SIZE * 2 ** free[i + 1]!,
      owner: 'page allocator',
    });
  for (const pool of [...listed(s, s.mem.pools), ...listed(s, s.device.transient)]) {
    const claim = { phys: pool.start, bytes: pool.end - pool.start, owner: 'swiotlb pool' };
    if (!atomic.some((a) => overlap(a, claim))) out.push(claim);
  }
  for (const array of s.slots) {
    const phys = array.addr - phys_to_virt(0);
    if (pageIndex(s.memory, phys) >= 0)
      out.push({ phys, bytes: slotBytes(array.nslabs), owner: 'slot array' });
  }
  s.drivers.forEach((d, n) => {
    out.push({ phys: d.buffer, bytes: 8192, owner: `driver/${n}` });
  });
  return out;
}

/** Do two ranges share a byte? */
export function overlap(a: Omit<Claim, 'owner'>, b: Omit<Claim, 'owner'>): boolean {
  return a.phys < b.phys + b.bytes && b.phys < a.phys + a.bytes;
}

/** Locals that hold memory or a descriptor; bus addresses and look-up keys (`dma`, `paddr`, `tlb`) do not. */
const HOLDING = ['pool', 'head', 'phys', 'vaddr', 'addr'] as const;

/** Every address that a frame of any task holds on to. */
function frameNumbers(s: KernelState): number[] {
  const out: number[] = [];
  for (const t of s.tasks)
    for (const frame of t.stack)
      for (const local of HOLDING) {
        const value = frame[local];
        if (typeof value === 'number' && value !== 0) out.push(value);
      }
  return out;
}

/** What nothing refers to any more: blocks of pages, descriptors, pieces of atomic pools. */
export interface Lost {
  readonly what: string;
  readonly phys: number | null;
  readonly bytes: number;
}

/** Memory that was handed out and that no structure and no frame refers to. */
export function lostMemory(k: Kernel): Lost[] {
  const s = k.state;
  const numbers = frameNumbers(s);
  const pools = new Set(listed(s, s.mem.pools));
  for (const p of listed(s, s.device.transient)) pools.add(p);
  const held = new Set([
    ...numbers,
    ...s.rcu.waiting.map((c) => c.head),
    ...(s.rcu.gp?.callbacks ?? []).map((c) => c.head),
    ...s.rcu.done.map((c) => c.head),
    ...s.queued.map((w) => w.pool),
  ]);
  for (const p of s.pools) if (held.has(p.addr)) pools.add(p);
  const refers = (phys: number, bytes: number): boolean => {
    for (const p of pools) {
      if (p.start >= phys && p.start < phys + bytes) return true;
      const slots = p.slots - phys_to_virt(0);
      if (slots >= phys && slots < phys + bytes) return true;
    }
    return numbers.some((v) => {
      const to = v >= phys_to_virt(0) ? (translate(s.memory, v)?.phys ?? -1) : v;
      return to >= phys && to < phys + bytes;
    });
  };
  const out: Lost[] = [];
  const { used } = s.buddy;
  for (let i = 0; i < used.length; i += 2) {
    const phys = used[i]! * PAGE_SIZE;
    const bytes = PAGE_SIZE * 2 ** used[i + 1]!;
    if (!refers(phys, bytes)) out.push({ what: 'pages', phys, bytes });
  }
  for (const a of s.atomicPools)
    for (const c of a.pool.chunks)
      c.bits.forEach((bit, n) => {
        const phys = c.phys + n * PAGE_SIZE;
        if (bit === 1 && !poolHolds(pools, phys) && !refers(phys - (n % 2) * PAGE_SIZE, 2 * PAGE_SIZE))
          out.push({ what: `page of atomic pool ${a.name}`, phys, bytes: PAGE_SIZE });
      });
  for (const o of s.slab)
    if (!held.has(o.addr) && ![...pools].some((p) => p.addr === o.addr))
      out.push({ what: `descriptor ${o.what}`, phys: null, bytes: 0 });
  return out;
}

function poolHolds(pools: ReadonlySet<IoTlbPool>, phys: number): boolean {
  for (const p of pools) if (phys >= p.start && phys < p.end) return true;
  return false;
}
