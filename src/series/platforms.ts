/** The platforms, as plain facts. What follows from a fact is computed on each side apart. */
export interface Platform {
  /** As commands, files and tests call it. */
  readonly name: string;
  readonly title: string;
  /** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)`. */
  readonly memEncrypt: boolean;
  /** Whether `force_dma_unencrypted()` is true of a device that is not trusted. */
  readonly forcesUntrusted: boolean;
  /** Which address bit says what, if one does. */
  readonly addressBit: null | { readonly bit: number; readonly meaning: 'shared' | 'private' };
  /** The protocol by which pages are converted. */
  readonly conversion: 'tdx' | 'cca';
  /** CONFIG_DMA_DIRECT_REMAP. */
  readonly dmaDirectRemap: boolean;
  /** CONFIG_DMA_COHERENT_POOL: whether it is on by default, and whether it can be off. */
  readonly coherentPool: { readonly on: boolean; readonly fixed: boolean };
}

export const PLATFORMS: readonly Platform[] = [
  {
    name: 'tdx',
    title: 'Intel TDX guest',
    memEncrypt: true,
    forcesUntrusted: true,
    addressBit: null,
    conversion: 'tdx',
    dmaDirectRemap: false,
    coherentPool: { on: true, fixed: false },
  },
  {
    name: 'cca',
    title: 'Arm CCA realm',
    memEncrypt: true,
    forcesUntrusted: true,
    // The top bit of the intermediate physical address space; 48 bits of it are assumed here.
    addressBit: { bit: 47, meaning: 'shared' },
    conversion: 'cca',
    dmaDirectRemap: true,
    coherentPool: { on: true, fixed: true },
  },
];
