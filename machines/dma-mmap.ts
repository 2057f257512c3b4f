/**
 * `dma_mmap_attrs()`: a buffer is mapped into a process, with a protection that says what its memory is. Nothing
 * is converted. A device without an IOMMU is asked again whether its memory must be shared; behind one nobody asks,
 * and what the caller says counts, who says the same as when it allocated (`shared`: it said CC_SHARED).
 * Source: kernel/dma/direct.c (dma_direct_mmap), drivers/iommu/dma-iommu.c (iommu_dma_mmap),
 * kernel/dma/mapping.c (dma_pgprot).
 */
import { and, assign, not, setup } from 'xstate';
import { type Attrs, CALLS, type Prot, pick, STEPS } from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_alloc_attrs'; attrs: Attrs }
  | { type: 'dma_mmap_attrs' | 'dma_mmap_attrs_ret' | 'dma_free_attrs' }
  | { type: 'remap_pfn_range'; prot: Prot };

export const machine = setup({
  types: { context: {} as { shared: boolean }, events: {} as Event },
  guards: {
    ...ANSWERS,
    /** `force_dma_unencrypted(dev)`, where it is asked. */
    forced: () => true,
    /** Nobody but the caller says what the memory is. */
    callerSays: () => false,
    shared: ({ context }) => context.shared,
  },
  actions: {
    remember: assign({
      shared: ({ event }) => event.type === 'dma_alloc_attrs' && event.attrs.includes('CC_SHARED'),
    }),
  },
}).createMachine({
  id: 'dma-mmap',
  context: { shared: false },
  initial: 'idle',
  states: {
    // A buffer is not freed while it is being mapped.
    idle: {
      on: {
        dma_alloc_attrs: [{ guard: 'callerSays', target: 'idle', actions: 'remember' }, { target: 'idle' }],
        dma_mmap_attrs: 'protecting',
        dma_free_attrs: 'idle',
      },
    },
    protecting: {
      on: {
        remap_pfn_range: [
          { guard: and(['forced', 'protDecrypted']), target: 'returning' },
          { guard: and(['shared', 'protDecrypted']), target: 'returning' },
          { guard: and([not('forced'), not('shared'), 'protEncrypted']), target: 'returning' },
        ],
      },
    },
    returning: { on: { dma_mmap_attrs_ret: 'idle' } },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_alloc_attrs', 'dma_mmap_attrs', 'dma_mmap_attrs_ret', 'dma_free_attrs'),
  ...pick(STEPS, 'remap_pfn_range'),
} satisfies MachineFile['alphabet'];

export const dmaMmap: MachineFile = {
  name: 'dma-mmap',
  machine,
  alphabet,
  without: {
    // The base protection; callers that knew of force made it decrypted by hand.
    8: [
      {
        state: 'protecting',
        event: 'remap_pfn_range',
        to: [
          { guard: and(['forced', 'protDecrypted']), target: 'returning' },
          { guard: and([not('forced'), 'protEncrypted']), target: 'returning' },
        ],
      },
    ],
  },
  guards: (facts) => ({ forced: () => facts.forced && !facts.iommu, callerSays: () => facts.iommu }),
};
