/** What happens as the default swiotlb memory is set up and torn down. */
import type { MachineFile } from './machine-file.ts';

const boot = { actor: 'boot' } as const;
const caller = { actor: { param: 'by' } } as const;
const ok = { ok: [true, false] };
const ret = { ret: ['ok', 'failed'] };

export const alphabet = {
  swiotlb_init: {
    kind: 'stimulus',
    ...boot,
    symbol: 'swiotlb_init',
    doc: 'The architecture asks for a default pool, at early boot.',
  },
  memblock_alloc: {
    kind: 'choice',
    ...boot,
    symbol: 'memblock_alloc',
    params: { what: ['pool', 'slots', 'areas'], ...ok },
    doc: 'Memory for the pool (at its smallest size, if it is refused), then for slots and areas.',
  },
  add_mem_pool: {
    kind: 'observation',
    ...boot,
    symbol: 'add_mem_pool',
    doc: 'The pool counts: `io_tlb_default_mem` has slots.',
  },
  swiotlb_init_ret: { kind: 'observation', ...boot, symbol: 'swiotlb_init', doc: 'It is over.' },
  swiotlb_update_mem_attributes: {
    kind: 'stimulus',
    ...boot,
    symbol: 'swiotlb_update_mem_attributes',
    doc: 'Conversions work from now on: the state of the default pool is to be settled.',
  },
  write_unencrypted: {
    kind: 'observation',
    ...boot,
    symbol: 'swiotlb_update_mem_attributes',
    doc: 'The state of the default memory is recorded, from `cc_platform_has(CC_ATTR_MEM_ENCRYPT)`.',
  },
  swiotlb_update_mem_attributes_ret: {
    kind: 'observation',
    ...boot,
    symbol: 'swiotlb_update_mem_attributes',
    doc: 'It is over.',
  },
  swiotlb_init_late: {
    kind: 'stimulus',
    ...boot,
    symbol: 'swiotlb_init_late',
    doc: 'A default pool is asked for when the page allocator works already.',
  },
  alloc_pages: {
    kind: 'choice',
    ...caller,
    symbol: 'alloc_pages',
    params: ok,
    doc: 'The page allocator is asked for the buffer.',
  },
  get_free_pages: {
    kind: 'choice',
    ...caller,
    symbol: '__get_free_pages',
    params: { what: ['areas', 'slots'], ...ok },
    doc: 'Memory for the areas, then for the slot array.',
  },
  free_metadata: {
    kind: 'observation',
    ...boot,
    symbol: 'free_pages',
    doc: 'Areas and slots are freed; the buffer is not.',
  },
  free_pages: {
    kind: 'observation',
    ...caller,
    symbol: '__free_pages',
    doc: 'The buffer goes to the page allocator.',
  },
  swiotlb_init_late_ret: {
    kind: 'observation',
    ...boot,
    symbol: 'swiotlb_init_late',
    params: ret,
    doc: 'It returns 0 or an error.',
  },
  swiotlb_exit: {
    kind: 'stimulus',
    ...boot,
    symbol: 'swiotlb_exit',
    doc: 'Nobody needs the default pool: it is torn down.',
  },
  swiotlb_exit_ret: { kind: 'observation', ...boot, symbol: 'swiotlb_exit', doc: 'It is over.' },
  set_memory_decrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    doc: 'The pool is to be shared.',
  },
  set_memory_decrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: ret,
    doc: 'It is, or it is not.',
  },
  set_memory_encrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    doc: 'The pool is to be private again.',
  },
  set_memory_encrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: ret,
    doc: 'It is, or it is not.',
  },
  driver_calls: {
    kind: 'stimulus',
    actor: 'driver',
    symbol: 'dma_map_phys',
    doc: 'A driver maps or unmaps while none of these functions runs.',
  },
} as const satisfies MachineFile['alphabet'];
