/** `dma_direct_alloc()` as it was without one of the patches: the transitions that are put back. */
import { and, assign, not, or, raise } from 'xstate';
import type { MachineFile } from './machine-file.ts';

const willDecrypt = assign({ decrypts: true });
const setupPage = raise({ type: 'setup_page' });

export const DIRECT_ALLOC_WITHOUT: NonNullable<MachineFile['without']> = {
  // Slots came out of the common page allocator, and were then treated like any page.
  3: [
    {
      state: 'allocating.slots',
      event: 'swiotlb_search_pool_area',
      to: [
        { guard: and(['found', 'fits', 'forced']), actions: ['asSlots', willDecrypt, setupPage] },
        { guard: and(['found', 'fits']), actions: ['asSlots', setupPage] },
        { guard: 'found', target: 'wrongSlots', actions: 'asSlots' },
        { guard: 'notFound', target: '#direct-alloc.refused' },
      ],
    },
  ],
  // CC_SHARED from the caller was not looked at.
  4: [
    {
      state: 'idle',
      event: 'dma_alloc_attrs',
      to: { actions: ['remember', raise({ type: 'choose' })] },
    },
  ],
  // The atomic pools were not told what is wanted.
  5: [
    {
      state: 'pool',
      event: 'gen_pool_alloc',
      to: [
        { guard: and(['wantsAny', 'ok']), target: 'returning', actions: 'asPool' },
        { guard: and(['wantsAny', 'fails']), target: 'refused' },
      ],
    },
  ],
  // Slots were taken whatever their state.
  7: [{ state: 'allocating.slots', event: 'ask_state', to: null }],
  // What is remapped was not converted, and highmem was remapped for everybody.
  11: [
    {
      state: 'allocating.cma',
      event: 'cma_alloc',
      to: [
        { guard: 'noCma', target: 'pages' },
        { guard: not('fits'), target: 'wrongCma' },
        { guard: 'highmem', actions: ['isHighmem', setupPage] },
        { guard: 'lowmem', actions: setupPage },
      ],
    },
    {
      state: 'allocating',
      event: 'setup_page',
      to: [
        { guard: 'cookie', target: 'returning' },
        { guard: or(['remapped', 'onHighmem']), target: 'remap' },
        { guard: 'decrypts', target: 'decrypt' },
        { target: 'zeroing' },
      ],
    },
    {
      state: 'decrypting',
      event: 'set_memory_decrypted_ret',
      to: [
        { guard: and(['itsMemory', 'returnsOk']), target: 'zeroing' },
        { guard: and(['itsMemory', 'returnsFailed']), target: 'refused', actions: 'forget' },
      ],
    },
    { state: 'remap', event: 'remap_failed', to: 'release' },
  ],
};
