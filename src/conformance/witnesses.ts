/** When a property had something to speak of: the situation without which its holding says nothing. */
import type { Kernel } from '../kernel/kernel.ts';
import type { TraceRecord } from '../kernel/task.ts';
import { busTarget, mapped } from './handed-out.ts';
import type { SafetyName } from './safety-names.ts';
import { forced } from './safety-state.ts';

/** Steps that may sleep, or that are told that they may not. */
const MAY_SLEEP: ReadonlySet<string> = new Set([
  'set_memory_decrypted',
  'set_memory_encrypted',
  'vmap',
  'vunmap',
  'cma_alloc',
]);
/** Allocations and frees: what matters of them is that they happen where nobody may sleep. */
const ANYWHERE: ReadonlySet<string> = new Set(['kzalloc', 'free_pages', 'alloc_pages', '__free_pages']);

/** Properties whose situation occurred in this step. */
export function witnessed(k: Kernel, r: TraceRecord): SafetyName[] {
  const out: SafetyName[] = [];
  const { state: s } = k;
  if (s.ended !== null) return out;
  if (MAY_SLEEP.has(r.step) || (ANYWHERE.has(r.step) && r.context !== null && r.context !== 'process'))
    out.push('no-sleep-in-atomic');
  switch (r.step) {
    case '__free_pages':
    case 'cma_release':
    case 'memblock_free':
      out.push('free-private', 'one-owner');
      break;
    case 'dma_free_from_pool':
      if (r.result === true) out.push('one-owner');
      break;
    case 'gen_pool_alloc':
      if (typeof r.result === 'number' && r.result !== 0 && s.atomicPools.some((a) => a.unencrypted !== null))
        out.push('pool-tells-the-truth');
      break;
    case 'list_add_rcu':
    case 'swiotlb_search_pool_area':
      if (r.result !== -1 && s.mems.some((m) => m.unencrypted !== null)) out.push('pool-tells-the-truth');
      break;
    case 'kfree':
      if (r.stack.includes('swiotlb_dyn_free')) out.push('free-undoes-alloc');
      break;
    case 'dma_free_attrs_ret':
    case 'dma_free_pages_ret':
    case 'swiotlb_exit_ret':
      out.push('free-undoes-alloc');
      break;
    case 'list_del_rcu': {
      const { pool } = r.args;
      if (s.tasks.some((t) => t.name !== r.actor && t.rcu > 0 && t.stack.some((f) => f.pool === pool)))
        out.push('no-use-after-free');
      break;
    }
    case 'dma_map_phys_ret':
    case 'dma_map_sg_attrs_ret': {
      const d = s.drivers[Number(r.actor.slice(-1))];
      const [first] = d === undefined ? [] : mapped(d);
      if (first !== undefined) out.push('no-exposure', ...given(k, r, first.dma));
      break;
    }
    case 'dma_alloc_attrs_ret':
    case 'dma_alloc_pages_ret': {
      const driver = s.drivers[Number(r.actor.slice(-1))];
      const a = driver?.allocations[driver.allocations.length - 1];
      if (r.args.result !== 0 && a !== undefined) out.push('data-arrives', ...given(k, r, a.dma));
      break;
    }
    case 'dma_unmap_phys_ret':
    case 'dma_unmap_sg_attrs_ret':
      if (s.drivers[Number(r.actor.slice(-1))]?.deviceWrote === true) out.push('data-arrives');
      break;
    default:
  }
  return out;
}

/** A device was given an address. */
function given(k: Kernel, r: TraceRecord, dma: number): SafetyName[] {
  const { device } = k.state.drivers[Number(r.actor.slice(-1))]!;
  return [
    ...(forced(k, device) ? (['device-can-reach'] as const) : []),
    ...(busTarget(k, device, dma).says === null ? [] : (['address-matches-memory'] as const)),
  ];
}
