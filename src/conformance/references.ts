/** What still refers to memory: pool lists, gen_pool chunks, drivers, callbacks, work items, and running code. */
import type { Kernel } from '../kernel/kernel.ts';
import { isPhysRange, PAGE_SIZE, phys_to_virt, translate } from '../kernel/memory.ts';
import { isFree } from '../kernel/page-alloc.ts';
import type { IoTlbPool, KernelState } from '../kernel/state.ts';
import type { Frame, Json } from '../kernel/task.ts';
import { allocationRanges, overlap, publishedPools, type Range, slotBytes } from './ownership.ts';

/** Locals that hold memory or a descriptor; bus addresses and look-up keys (`dma`, `paddr`, `tlb`) do not. */
const HOLDING: ReadonlySet<string> = new Set([
  'pool',
  'head',
  'phys',
  'vaddr',
  'addr',
  'page',
  'cpu_addr',
  'virt',
  'mem',
  'frames',
  'areas',
  'slots',
  'ret',
  'object',
  'array',
]);

/** What nothing refers to any more: blocks of pages, descriptors, pieces of atomic pools, aliases. */
export interface Lost {
  readonly what: string;
  readonly phys: number | null;
  readonly bytes: number;
  /** An alias is no memory: it is the undoing that is missing. */
  readonly alias: boolean;
}

interface Held {
  /** Every number that a frame holds: descriptors are found by address. */
  readonly numbers: ReadonlySet<number>;
  readonly pools: ReadonlySet<IoTlbPool>;
  readonly ranges: readonly Range[];
}

/** How far the memory goes that a frame speaks of. */
function spanOf(frame: Frame): number {
  const { bytes, size, nslabs, pages, order } = frame;
  if (typeof bytes === 'number') return bytes;
  if (typeof size === 'number') return size;
  if (typeof nslabs === 'number') return nslabs * 2048;
  if (typeof pages === 'number') return pages * PAGE_SIZE;
  return typeof order === 'number' ? PAGE_SIZE * 2 ** order : 2 * PAGE_SIZE;
}

function heldBy(k: Kernel, published: ReadonlySet<IoTlbPool>): Held {
  const s = k.state;
  const numbers = new Set<number>();
  const ranges: Range[] = [];
  const hold = (value: Json | undefined, span: number): void => {
    if (Array.isArray(value)) for (const one of value) hold(one, PAGE_SIZE);
    if (typeof value !== 'number' || value <= 0) return;
    numbers.add(value);
    if (isPhysRange(value)) ranges.push({ phys: value, bytes: span });
    else {
      // An alias may lie on pages anywhere.
      for (let offset = 0; offset < span; offset += PAGE_SIZE) {
        const to = translate(s.memory, value + offset);
        if (to !== null) ranges.push({ phys: to.phys, bytes: PAGE_SIZE });
      }
    }
  };
  for (const t of s.tasks)
    for (const frame of t.stack) {
      let span = -1;
      for (const local in frame) {
        const value = frame[local];
        // Most locals hold nothing now.
        if (value === 0 || typeof value === 'string' || value === undefined || !HOLDING.has(local)) continue;
        if (span < 0) span = spanOf(frame);
        hold(value, span);
      }
    }
  const pools = new Set(published);
  const later = [
    ...s.rcu.waiting.map((c) => c.head),
    ...(s.rcu.gp?.callbacks ?? []).map((c) => c.head),
    ...s.rcu.done.map((c) => c.head),
    ...s.queued.map((w) => w.pool),
  ];
  for (const head of later) numbers.add(head);
  for (const p of s.pools) if (numbers.has(p.addr)) pools.add(p);
  for (const p of pools) {
    ranges.push({ phys: p.start, bytes: p.end - p.start });
    const slots = p.slots - phys_to_virt(0);
    ranges.push({ phys: slots, bytes: slotBytes(p.nslabs) });
    if (p.areas_addr !== 0) ranges.push({ phys: p.areas_addr - phys_to_virt(0), bytes: PAGE_SIZE });
  }
  for (const a of s.atomicPools) for (const c of a.pool.chunks) numbers.add(c.start);
  if (s.globalPool !== null) numbers.add(s.globalPool.vaddr);
  for (const area of s.memory.vmap) {
    // Who has an alias that owns single pages has its array, and by that the pages.
    if (area.array === undefined || area.array === 0 || !aliasIsHeld(s, area.vaddr, numbers)) continue;
    numbers.add(area.array);
    for (const phys of area.frames) ranges.push({ phys, bytes: PAGE_SIZE });
  }
  for (const d of s.drivers)
    for (const a of d.allocations) {
      numbers.add(a.cpu_addr);
      for (const range of allocationRanges(k, d.device, a)) if (range !== null) ranges.push(range);
    }
  return { numbers, pools, ranges };
}

/** Does a driver or running code have the alias? */
function aliasIsHeld(s: KernelState, vaddr: number, numbers: ReadonlySet<number>): boolean {
  return numbers.has(vaddr) || s.drivers.some((d) => d.allocations.some((a) => a.cpu_addr === vaddr));
}

/**
 * Memory that was handed out and that no structure and no frame refers to.
 *
 * @param published what {@link publishedPools} says
 */
export function lostMemory(k: Kernel, published: ReadonlySet<IoTlbPool> = publishedPools(k.state)): Lost[] {
  const s = k.state;
  const held = heldBy(k, published);
  const out: Lost[] = [];
  const refers = (range: Range): boolean => {
    for (const one of held.ranges) if (overlap(one, range)) return true;
    return false;
  };
  const { used } = s.buddy;
  for (let i = 0; i < used.length; i += 2) {
    const range = { phys: used[i]! * PAGE_SIZE, bytes: PAGE_SIZE * 2 ** used[i + 1]! };
    if (!refers(range) && !isInChunk(s, range)) out.push({ what: 'pages', ...range, alias: false });
  }
  s.cma.bits.forEach((bit, n) => {
    const range = { phys: s.cma.phys + n * PAGE_SIZE, bytes: PAGE_SIZE };
    if (bit === 0 || isFree(s.buddy, range.phys)) return;
    if (!refers(range) && !isInChunk(s, range)) out.push({ what: 'page of CMA', ...range, alias: false });
  });
  for (const a of s.atomicPools)
    for (const c of a.pool.chunks)
      c.bits.forEach((bit, n) => {
        const range = { phys: c.phys + n * PAGE_SIZE, bytes: PAGE_SIZE };
        if (bit === 1 && !refers(range))
          out.push({ what: `page of atomic pool ${a.name}`, ...range, alias: false });
      });
  // The descriptor of an atomic pool is known by the pool, whose address nothing else needs.
  let genPools = 0;
  for (const { addr, what } of s.slab) {
    if (what !== 'gen_pool' || held.numbers.has(addr)) continue;
    if (++genPools > s.atomicPools.length) out.push(descriptor(what));
  }
  s.globalPool?.bits.forEach((bit, n) => {
    const range = { phys: s.globalPool!.phys + n * PAGE_SIZE, bytes: PAGE_SIZE };
    if (bit === 1 && !refers(range)) out.push({ what: 'page of the global pool', ...range, alias: false });
  });
  for (const { addr, what } of s.slab) {
    if (what !== 'gen_pool' && !isKnown(s, held, addr)) out.push(descriptor(what));
  }
  for (const area of s.memory.vmap)
    if (!held.numbers.has(area.vaddr))
      out.push({
        what: `alias ${area.vaddr.toString(16)}`,
        phys: area.frames[0] ?? null,
        bytes: 0,
        alias: true,
      });
  return out;
}

const descriptor = (what: string): Lost => ({
  what: `descriptor ${what}`,
  phys: null,
  bytes: 0,
  alias: false,
});

/** Does something refer to the descriptor at this address? */
function isKnown(s: KernelState, { numbers, pools }: Held, addr: number): boolean {
  if (numbers.has(addr) || s.mems.some((m) => m.addr === addr)) return true;
  for (const p of pools) if (p.addr === addr || p.slots === addr || p.areas_addr === addr) return true;
  return false;
}

/** Does an atomic pool have a page of the range? */
function isInChunk(s: KernelState, range: Range): boolean {
  return s.atomicPools.some(({ pool }) =>
    pool.chunks.some(({ phys, bits }) => overlap({ phys, bytes: bits.length * PAGE_SIZE }, range)),
  );
}
