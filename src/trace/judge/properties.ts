/** The safety properties of the specification, as a log can decide them: what each needs, and a tally of checks. */

export const PROPERTIES = [
  'no-sleep-in-atomic',
  'one-owner',
  'free-private',
  'free-undoes-alloc',
  'no-use-after-free',
  'pool-tells-the-truth',
  'address-matches-memory',
  'device-can-reach',
  'no-exposure',
  'data-arrives',
  'nothing-leaks',
] as const;
export type PropertyName = (typeof PROPERTIES)[number];

interface Needs {
  /** What a check compares. */
  readonly decides: string;
  /** Alternatives: all events of one of them, and the property can be decided. */
  readonly events: readonly (readonly string[])[];
  /** Rests on what the log does *not* show: then a loss, or a CPU that is missing, decides nothing. */
  readonly byAbsence: boolean;
}

export const NEEDS: Readonly<Record<PropertyName, Needs>> = {
  'no-sleep-in-atomic': {
    decides:
      'the context of every request to convert pages, of vmap and vunmap, and of every allocation that may sleep',
    events: [['decrypt'], ['encrypt'], ['vmap'], ['vunmap'], ['alloc'], ['direct_alloc'], ['expand']],
    byAbsence: false,
  },
  'one-owner': {
    decides: 'that no slot, no allocation and no chunk of an atomic pool is handed out while it is held',
    events: [
      ['tbl_map_ret', 'tbl_unmap'],
      ['tbl_map_ret', 'tp_unmap'],
      ['tp_bounced', 'tp_map', 'tp_unmap'],
      ['tp_alloc', 'tp_free'],
    ],
    byAbsence: true,
  },
  'free-private': {
    decides: 'that memory which was shared has been made private, or left alone, when its free is over',
    events: [
      ['decrypt_ret', 'encrypt_ret', 'direct_free_ret'],
      ['decrypt_ret', 'encrypt_ret', 'dyn_free'],
      ['encrypt_ret', 'direct_free_ret'],
    ],
    byAbsence: true,
  },
  'free-undoes-alloc': {
    decides:
      'that a free gives memory back to where it came from and converts what the allocation converted; that nothing is released twice',
    events: [
      ['tp_alloc', 'tp_free'],
      ['pool_alloc_ret', 'pool_free_ret'],
      ['tbl_map_ret', 'tbl_unmap'],
      ['tp_map', 'tp_unmap'],
    ],
    byAbsence: true,
  },
  'no-use-after-free': {
    decides: 'that a pool has no live mapping when it is freed, and no release finds one that was',
    events: [['alloc_pool_ret', 'dyn_free', 'tbl_unmap']],
    byAbsence: true,
  },
  'pool-tells-the-truth': {
    decides:
      'that a piece which an atomic pool hands out as shared is known to be, and that no page of a live pool is made private',
    events: [
      ['expand', 'decrypt_ret', 'pool_alloc', 'direct_alloc_ret'],
      ['alloc_pool', 'decrypt_ret', 'encrypt_ret'],
    ],
    byAbsence: true,
  },
  'address-matches-memory': {
    decides: 'that the bit of a DMA address which says shared or private says what the memory is',
    events: [
      ['tp_alloc', 'decrypt_ret'],
      ['tp_map', 'tbl_map_ret', 'tp_alloc'],
    ],
    byAbsence: true,
  },
  'device-can-reach': {
    decides: 'that a device which reaches shared memory only is never given the address of other memory',
    events: [
      ['direct_alloc', 'tp_map'],
      ['tp_alloc', 'tp_map'],
    ],
    byAbsence: true,
  },
  'no-exposure': {
    decides:
      'that pages are shared by whoever took them for a buffer or a pool, and never by a mapping in place',
    events: [['decrypt_ret']],
    byAbsence: false,
  },
  'data-arrives': {
    decides:
      'that a bounced mapping copies in when it is made and out when the device may have written, and that a page is handed out where a page is asked for; the bytes are in no log',
    events: [
      ['bounce', 'tbl_map_ret'],
      ['pool_alloc_ret', 'direct_alloc_pages_ret', 'tp_alloc'],
    ],
    byAbsence: true,
  },
  'nothing-leaks': {
    decides: 'that memory whose free ended in a known state went back',
    events: [['free_pages', 'encrypt_ret', 'direct_free_ret']],
    byAbsence: true,
  },
};

/** Names that people know for what a role's event is recorded by. */
export const EVENT_NAMES: Readonly<Record<string, string>> = {
  decrypt: 'set_memory_decrypted',
  encrypt: 'set_memory_encrypted',
  decrypt_ret: 'set_memory_decrypted_ret',
  encrypt_ret: 'set_memory_encrypted_ret',
  vmap: 'vmap',
  vunmap: 'vunmap',
  alloc: 'dma_alloc_attrs',
  direct_alloc: 'dma_direct_alloc',
  direct_alloc_ret: 'dma_direct_alloc_ret',
  direct_alloc_pages_ret: 'dma_direct_alloc_pages_ret',
  direct_free_ret: 'dma_direct_free_ret',
  expand: 'atomic_pool_expand',
  alloc_pool: 'swiotlb_alloc_pool',
  alloc_pool_ret: 'swiotlb_alloc_pool_ret',
  dyn_free: 'swiotlb_dyn_free_work',
  pool_alloc: 'dma_alloc_from_pool',
  pool_alloc_ret: 'dma_alloc_from_pool_ret',
  pool_free_ret: 'dma_free_from_pool_ret',
  tbl_map_ret: 'swiotlb_tbl_map_single_ret',
  tbl_unmap: 'swiotlb_tbl_unmap_single',
  bounce: 'swiotlb_bounce',
  free_pages: '__free_pages',
  tp_map: 'dma:dma_map_phys',
  tp_unmap: 'dma:dma_unmap_phys',
  tp_bounced: 'swiotlb:swiotlb_bounced',
  tp_alloc: 'dma:dma_alloc',
  tp_free: 'dma:dma_free',
};

/** What the log lacks for a property: the shortest of the alternatives, by what is missing of it. */
export function missingFor(name: PropertyName, seen: ReadonlySet<string>): readonly string[] {
  const lacks = NEEDS[name].events.map((all) => all.filter((event) => !seen.has(event)));
  const best = lacks.reduce((least, next) => (next.length < least.length ? next : least));
  // Where any one of several would do, all are named.
  const named =
    best.length === 1 && NEEDS[name].events.every((all) => all.length === 1) ? lacks.flat() : best;
  return named.map((event) => EVENT_NAMES[event] ?? event);
}
