/** What happens as an atomic pool is made and grown. */
import type { MachineFile } from './machine-file.ts';

const caller = { actor: { param: 'by' } } as const;
const ok = { ok: [true, false] };
const ret = { ret: ['ok', 'failed'] };

export const alphabet = {
  dma_atomic_pool_init: {
    kind: 'stimulus',
    actor: 'boot',
    symbol: 'dma_atomic_pool_init',
    doc: 'The initcall that makes the pools.',
  },
  gen_pool_create: {
    kind: 'choice',
    ...caller,
    symbol: 'gen_pool_create',
    params: ok,
    doc: 'Memory for the descriptor of the pool.',
  },
  kworker_start: {
    kind: 'stimulus',
    ...caller,
    symbol: 'process_one_work',
    doc: 'The worker begins.',
  },
  gen_pool_avail: {
    kind: 'observation',
    ...caller,
    symbol: 'gen_pool_avail',
    params: { low: [true, false] },
    doc: 'Is less left than the pool started with?',
  },
  cma_alloc: { kind: 'choice', ...caller, symbol: 'cma_alloc', params: ok, doc: 'CMA is asked first.' },
  alloc_pages: {
    kind: 'choice',
    ...caller,
    symbol: 'alloc_pages',
    params: ok,
    doc: 'The page allocator is asked, down to a single page.',
  },
  vmap: { kind: 'choice', ...caller, symbol: 'vmap', params: ok, doc: 'An alias that is not cached.' },
  set_memory_decrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    doc: 'The linear alias is to be shared.',
  },
  set_memory_decrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: ret,
    doc: 'It is, or it is not.',
  },
  gen_pool_add_virt: {
    kind: 'choice',
    ...caller,
    symbol: 'gen_pool_add_virt',
    params: ok,
    doc: 'The memory becomes a chunk of the pool, if there is memory for the descriptor.',
  },
  set_memory_encrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    doc: 'The linear alias is to be private again.',
  },
  set_memory_encrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: ret,
    doc: 'It is, or it is not.',
  },
  vunmap: { kind: 'observation', ...caller, symbol: 'vunmap', doc: 'The alias goes.' },
  free_pages: {
    kind: 'observation',
    ...caller,
    symbol: '__free_pages',
    doc: 'The pages go to the page allocator.',
  },
  dma_atomic_pool_init_ret: {
    kind: 'observation',
    actor: 'boot',
    symbol: 'dma_atomic_pool_init',
    params: ret,
    doc: 'There is a pool, or none: a descriptor that was made is destroyed then.',
  },
  work_done: {
    kind: 'observation',
    ...caller,
    symbol: 'process_one_work',
    doc: 'The worker has done what it could.',
  },
} as const satisfies MachineFile['alphabet'];
