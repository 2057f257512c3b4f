/**
 * `dma_mmap_attrs()`: a buffer is mapped into a process, with a protection that says what its memory is. Nothing
 * is converted. A device without an IOMMU is asked again whether its memory must be shared; behind one nobody asks.
 * Source: kernel/dma/direct.c (dma_direct_mmap), drivers/iommu/dma-iommu.c (iommu_dma_mmap),
 * kernel/dma/mapping.c (dma_pgprot).
 */
import { and, not, setup } from 'xstate';
import { CALLS, type Prot, pick, STEPS } from './allocation-alphabet.ts';
import { ANSWERS } from './allocation-guards.ts';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'dma_mmap_attrs' | 'dma_mmap_attrs_ret' | 'dma_free_attrs' }
  | { type: 'remap_pfn_range'; prot: Prot };

export const machine = setup({
  types: { events: {} as Event },
  guards: {
    ...ANSWERS,
    /** `force_dma_unencrypted(dev)`, where it is asked. */
    forced: () => true,
  },
}).createMachine({
  id: 'dma-mmap',
  initial: 'idle',
  states: {
    // A buffer is not freed while it is being mapped.
    idle: { on: { dma_mmap_attrs: 'protecting', dma_free_attrs: 'idle' } },
    protecting: {
      on: {
        remap_pfn_range: [
          { guard: and(['forced', 'protDecrypted']), target: 'returning' },
          { guard: and([not('forced'), 'protEncrypted']), target: 'returning' },
        ],
      },
    },
    returning: { on: { dma_mmap_attrs_ret: 'idle' } },
  },
});

export const alphabet = {
  ...pick(CALLS, 'dma_mmap_attrs', 'dma_mmap_attrs_ret', 'dma_free_attrs'),
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
          { guard: and([not('forced'), 'protUnchanged']), target: 'returning' },
        ],
      },
    ],
  },
  guards: (facts) => ({ forced: () => facts.forced && !facts.iommu }),
};
