/**
 * What the kernel decides about a request: where the memory comes from, how its address is encoded, in which state
 * it is, or that the request is refused. Read off the simulator's own state when the request returns, so that two
 * kernels can be compared by their decisions even where their steps differ.
 */

import { inCma } from '../../kernel/cma.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { HOST_SHARED, PAGE_OFFSET, pageIndex } from '../../kernel/memory.ts';
import type { TraceRecord } from '../../kernel/task.ts';
import { busTarget, mapped } from '../handed-out.ts';
import { atomicClaims, overlap, publishedPools } from '../ownership.ts';

/** `driver/0 dma_map_phys: swiotlb pool (transient), shared address, shared memory`; null: no request returns. */
export function decisionOf(k: Kernel, r: TraceRecord): string | null {
  if (r.step === 'max_mapping_size') return `device/${r.args.device} max_mapping_size: ${r.result}`;
  if (!r.step.endsWith('_ret') || !r.actor.startsWith('driver/') || k.state.ended !== null) return null;
  const driver = k.state.drivers[Number(r.actor.slice(-1))];
  if (driver === undefined) return null;
  const what = decided(k, r, driver);
  return what === null ? null : `${r.actor} ${r.step.slice(0, -'_ret'.length)}: ${what}`;
}

function decided(k: Kernel, r: TraceRecord, driver: Kernel['state']['drivers'][number]): string | null {
  switch (r.step) {
    case 'dma_map_phys_ret':
    case 'dma_map_sg_attrs_ret': {
      const places = mapped(driver).map(({ dma }) => placeOf(k, driver.device, dma, driver.buffer));
      return places.length === 0 ? 'refused' : [...new Set(places)].join('; ');
    }
    case 'dma_alloc_attrs_ret':
    case 'dma_alloc_pages_ret': {
      const a = driver.allocations[driver.allocations.length - 1];
      if (r.args.result === 0 || a === undefined) return 'refused';
      const cpu = a.cpu_addr === 0 ? 'no CPU address' : isAlias(a.cpu_addr) ? 'remapped' : 'linear';
      return `${placeOf(k, driver.device, a.dma, null)}, ${cpu}`;
    }
    default:
      return null;
  }
}

function isAlias(vaddr: number): boolean {
  return vaddr >= 2 * PAGE_OFFSET && vaddr < 3 * PAGE_OFFSET;
}

function placeOf(k: Kernel, device: number, dma: number, buffer: number | null): string {
  const { phys, says } = busTarget(k, device, dma);
  const index = pageIndex(k.state.memory, phys);
  const state =
    index < 0 ? 'no memory' : (k.state.memory.codes[index]! & HOST_SHARED) !== 0 ? 'shared' : 'private';
  return `${sourceOf(k, phys, buffer)}, ${says === null ? '' : `${says} address, `}${state} memory`;
}

function sourceOf(k: Kernel, phys: number, buffer: number | null): string {
  if (buffer !== null && phys >= buffer && phys < buffer + 8192) return 'direct';
  const range = { phys, bytes: 1 };
  for (const p of publishedPools(k.state)) {
    if (!overlap({ phys: p.start, bytes: p.end - p.start }, range)) continue;
    const mem = k.state.mems.find((m) => m.defpool === p.addr);
    if (mem !== undefined) return `swiotlb pool (${mem.for_alloc ? 'restricted' : 'default'})`;
    return `swiotlb pool (${p.transient ? 'transient' : 'dynamic'})`;
  }
  const atomic = atomicClaims(k.state).find((c) => overlap(c, range));
  if (atomic !== undefined) return atomic.owner;
  return inCma(k.state.cma, phys) ? 'CMA' : 'page allocator';
}
