/**
 * Who owns memory, worked out from the simulator's structures alone: free lists, the CMA bitmap, pool lists,
 * gen_pool chunks, buffers and what drivers have allocated. What refers to memory is in `references.ts`.
 */
import type { Kernel } from '../kernel/kernel.ts';
import { PAGE_SIZE, pageIndex, phys_to_virt, translate } from '../kernel/memory.ts';
import type { Allocation, IoTlbPool, KernelState } from '../kernel/state.ts';
import { busTarget } from './handed-out.ts';

/** Memory without a hole. */
export interface Range {
  readonly phys: number;
  readonly bytes: number;
}

/** Memory that one structure claims for itself. */
export interface Claim extends Range {
  readonly owner: string;
  readonly kind:
    | 'page allocator'
    | 'CMA'
    | 'atomic pool'
    | 'global pool'
    | 'swiotlb pool'
    | 'slot array'
    | 'buffer'
    | 'allocation';
}

/** Do two ranges share a byte? */
export function overlap(a: Range, b: Range): boolean {
  return a.phys < b.phys + b.bytes && b.phys < a.phys + a.bytes;
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

/** Pools that can be found: on the lists of every `io_tlb_mem` and device, or the only pool of an `io_tlb_mem`. */
export function publishedPools(s: KernelState): Set<IoTlbPool> {
  const out = new Set<IoTlbPool>();
  for (const m of s.mems) {
    for (const p of listed(s, m.pools)) out.add(p);
    const only = s.pools.find((p) => p.addr === m.defpool);
    if (only !== undefined && m.nslabs > 0) out.add(only);
  }
  for (const d of s.devices) for (const p of listed(s, d.transient)) out.add(p);
  return out;
}

/** Bytes of a slot array's pages. */
export function slotBytes(nslabs: number): number {
  return Math.ceil((nslabs * 24) / PAGE_SIZE) * PAGE_SIZE;
}

/** Memory of the atomic pools, chunk by chunk. */
export function atomicClaims(s: KernelState): Claim[] {
  return s.atomicPools.flatMap((a) =>
    a.pool.chunks.map(
      (c): Claim => ({
        phys: c.phys,
        bytes: c.bits.length * PAGE_SIZE,
        owner: `atomic pool ${a.name}`,
        kind: 'atomic pool',
      }),
    ),
  );
}

/** Pages of the CMA area that it has not handed out. */
function cmaClaims({ cma }: KernelState): Claim[] {
  const out: Claim[] = [];
  for (let i = 0; i < cma.bits.length; ) {
    let n = i;
    while (n < cma.bits.length && cma.bits[n] === 0) n++;
    if (n > i)
      out.push({
        phys: cma.phys + i * PAGE_SIZE,
        bytes: (n - i) * PAGE_SIZE,
        owner: 'CMA',
        kind: 'CMA',
      });
    i = n + 1;
  }
  return out;
}

/**
 * Pages that a driver was given by an allocation, run by run; null for an address behind which there is no page.
 */
export function allocationRanges(k: Kernel, device: number, a: Allocation): (Range | null)[] {
  const { memory } = k.state;
  const out: (Range | null)[] = [];
  const add = (phys: number | null): void => {
    if (phys === null || pageIndex(memory, phys) < 0) {
      if (out[out.length - 1] !== null) out.push(null);
      return;
    }
    const last = out[out.length - 1];
    if (last !== undefined && last !== null && last.phys + last.bytes === phys)
      out[out.length - 1] = { phys: last.phys, bytes: last.bytes + PAGE_SIZE };
    else out.push({ phys, bytes: PAGE_SIZE });
  };
  for (let offset = 0; offset < a.bytes; offset += PAGE_SIZE) {
    if (pageIndex(memory, a.page) >= 0) add(a.page + offset);
    // A CPU address handed out as a page leads nowhere: the bus address still says what the driver was given.
    else add(translate(memory, a.cpu_addr + offset)?.phys ?? busTarget(k, device, a.dma + offset).phys);
  }
  return out;
}

/** Does an atomic pool hold the whole range, all of it handed out? Then who has it has borrowed it. */
function lentByAtomicPool(s: KernelState, { phys, bytes }: Range): boolean {
  for (const a of s.atomicPools)
    for (const c of a.pool.chunks) {
      const first = (phys - c.phys) / PAGE_SIZE;
      const last = Math.ceil((phys + bytes - c.phys) / PAGE_SIZE);
      if (first < 0 || last > c.bits.length) continue;
      return !c.bits.slice(first, last).includes(0);
    }
  return false;
}

/** The same of the global coherent pool. */
function lentByGlobalPool({ globalPool: pool }: KernelState, { phys, bytes }: Range): boolean {
  if (pool === null) return false;
  const first = (phys - pool.phys) / PAGE_SIZE;
  const last = Math.ceil((phys + bytes - pool.phys) / PAGE_SIZE);
  return first >= 0 && last <= pool.bits.length && !pool.bits.slice(first, last).includes(0);
}

/** Does a restricted pool hold the whole range, all its slots used? Then who has it has borrowed it. */
function lentByRestrictedPool(s: KernelState, { phys, bytes }: Range): boolean {
  for (const m of s.mems) {
    if (!m.for_alloc) continue;
    const pool = s.pools.find((p) => p.addr === m.defpool);
    if (pool === undefined || phys < pool.start || phys + bytes > pool.end) continue;
    const array = s.slots.find((one) => one.addr === pool.slots);
    if (array === undefined) return false;
    if (array.fields === null) return array.initial === 'full';
    const first = Math.floor((phys - pool.start) / 2048);
    const last = Math.ceil((phys + bytes - pool.start) / 2048);
    return !array.fields.list.slice(first, last).some((run) => run !== 0);
  }
  return false;
}

function isLent(s: KernelState, range: Range): boolean {
  return lentByAtomicPool(s, range) || lentByRestrictedPool(s, range) || lentByGlobalPool(s, range);
}

/**
 * Claims that exclude each other. What was borrowed from an atomic or a restricted pool stays the pool's.
 *
 * @param published what {@link publishedPools} says
 */
export function claims(k: Kernel, published: ReadonlySet<IoTlbPool> = publishedPools(k.state)): Claim[] {
  const s = k.state;
  const out: Claim[] = [...atomicClaims(s), ...cmaClaims(s)];
  if (s.globalPool !== null) {
    const { phys, bits } = s.globalPool;
    out.push({ phys, bytes: bits.length * PAGE_SIZE, owner: 'global pool', kind: 'global pool' });
  }
  const { free } = s.buddy;
  for (let i = 0; i < free.length; i += 2)
    out.push({
      phys: free[i]! * PAGE_SIZE,
      bytes: PAGE_SIZE * 2 ** free[i + 1]!,
      owner: 'page allocator',
      kind: 'page allocator',
    });
  const exiting = s.tasks.some((t) => t.stack.some(({ fn }) => fn === 'swiotlb_exit'));
  for (const pool of published) {
    // A pool that is being torn down gives its memory back bit by bit, and is zeroed last.
    if (exiting && pool.addr === s.mems[0]?.defpool) continue;
    const range = { phys: pool.start, bytes: pool.end - pool.start };
    if (pool.transient && lentByAtomicPool(s, range)) continue;
    out.push({ ...range, owner: 'swiotlb pool', kind: 'swiotlb pool' });
  }
  for (const array of s.slots) {
    const phys = array.addr - phys_to_virt(0);
    if (pageIndex(s.memory, phys) >= 0)
      out.push({ phys, bytes: slotBytes(array.nslabs), owner: 'slot array', kind: 'slot array' });
  }
  s.drivers.forEach((d, n) => {
    out.push({ phys: d.buffer, bytes: 8192, owner: `driver/${n}`, kind: 'buffer' });
    d.allocations.forEach((a, i) => {
      for (const range of allocationRanges(k, d.device, a)) {
        if (range === null || isLent(s, range)) continue;
        out.push({ ...range, owner: `allocation ${i} of driver/${n}`, kind: 'allocation' });
      }
    });
  });
  return out;
}
