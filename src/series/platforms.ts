/** The platforms, as plain facts. What follows from a fact is computed on each side apart. */

/** How pages are converted. */
export type Conversion =
  | 'sev'
  | 'snp'
  | 'tdx'
  | 'vtom'
  | 'cca'
  | 'pkvm'
  | 's390'
  | 'powerpc'
  | 'sme'
  | 'none';

/** A platform of the series. */
export interface Platform {
  /** As commands, files and tests call it. */
  readonly name: string;
  readonly title: string;
  readonly family: 'x86' | 'arm64' | 's390' | 'powerpc';
  /** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)` with the whole series. */
  readonly memEncrypt: boolean;
  /** The patch that made it so, null if it always was: before it the answer is no. */
  readonly memEncryptFromPatch: number | null;
  /** `cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT)`. */
  readonly guestMemEncrypt: boolean;
  /** `cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT)`. */
  readonly hostMemEncrypt: boolean;
  /** Of which devices, not being trusted, `force_dma_unencrypted()` is true; `by-mask`: of those with a short mask. */
  readonly forces: 'all' | 'none' | 'by-mask';
  /** The patch that made it so, null if it always was: before it no device was forced. */
  readonly forcesFromPatch: number | null;
  /** Which address bit says what, if one does. */
  readonly addressBit: null | { readonly bit: number; readonly meaning: 'shared' | 'private' };
  /** The protocol by which pages are converted. */
  readonly conversion: Conversion;
  /** Page-table entries say shared or private, so that an alias can disagree with the page. */
  readonly pteEncryption: boolean;
  /** What a page holds survives its conversion. */
  readonly preservesContents: boolean;
  /** CONFIG_DMA_DIRECT_REMAP: whether it is on by default, and whether it is fixed. */
  readonly remap: { readonly on: boolean; readonly fixed: boolean };
  /** CONFIG_DMA_COHERENT_POOL: whether it is on by default, and whether it is fixed. */
  readonly coherentPool: { readonly on: boolean; readonly fixed: boolean };
  /** The device tree gives devices a restricted pool unless it is said otherwise. */
  readonly restrictedPool: boolean;
  /** The architecture sets SWIOTLB_FORCE before patch 10. */
  readonly forcesBounceBefore10: boolean;
  /** When the architecture asks for a default swiotlb pool at boot. */
  readonly swiotlbAtBoot: 'always' | 'if-high-memory';
  /** It is a guest whose devices can be accepted (TDISP). */
  readonly acceptsDevices: boolean;
}

/** What most confidential guests have in common; x86. */
const GUEST = {
  family: 'x86',
  memEncrypt: true,
  memEncryptFromPatch: null,
  guestMemEncrypt: true,
  hostMemEncrypt: false,
  forces: 'all',
  forcesFromPatch: null,
  addressBit: null,
  pteEncryption: true,
  preservesContents: false,
  remap: { on: false, fixed: true },
  coherentPool: { on: true, fixed: false },
  restrictedPool: false,
  forcesBounceBefore10: true,
  swiotlbAtBoot: 'always',
  acceptsDevices: true,
} as const;

// AMD_MEM_ENCRYPT is what makes a kernel run here, and it selects DMA_COHERENT_POOL.
const AMD = { ...GUEST, coherentPool: { on: true, fixed: true } } as const;
// Bit 51, as on current processors; it is found out at boot.
const C_BIT = { bit: 51, meaning: 'private' } as const;

const ARM64 = {
  ...GUEST,
  family: 'arm64',
  guestMemEncrypt: false,
  remap: { on: true, fixed: true },
  coherentPool: { on: true, fixed: true },
} as const;

// Neither has DMA_DIRECT_REMAP or DMA_COHERENT_POOL, and neither says in its page tables what is shared.
const CALLS_ONLY = {
  ...GUEST,
  guestMemEncrypt: false,
  pteEncryption: false,
  preservesContents: true,
  coherentPool: { on: false, fixed: true },
} as const;

export const PLATFORMS: readonly Platform[] = [
  { ...AMD, name: 'sev', title: 'AMD SEV or SEV-ES guest', addressBit: C_BIT, conversion: 'sev' },
  { ...AMD, name: 'snp', title: 'AMD SEV-SNP guest', addressBit: C_BIT, conversion: 'snp' },
  { ...GUEST, name: 'tdx', title: 'Intel TDX guest', conversion: 'tdx' },
  { ...GUEST, name: 'vtom', title: 'Hyper-V isolated guest with vTOM', conversion: 'vtom' },
  {
    ...ARM64,
    name: 'cca',
    title: 'Arm CCA realm',
    // The top bit of the intermediate physical address space; 48 bits of it are assumed here.
    addressBit: { bit: 47, meaning: 'shared' },
    conversion: 'cca',
  },
  {
    ...ARM64,
    name: 'pkvm',
    title: 'Arm protected KVM guest',
    memEncryptFromPatch: 1,
    forcesFromPatch: 1,
    conversion: 'pkvm',
    pteEncryption: false,
    preservesContents: true,
    restrictedPool: true,
    forcesBounceBefore10: false,
  },
  {
    ...CALLS_ONLY,
    name: 's390-pv',
    title: 's390 Protected Virtualization guest',
    family: 's390',
    memEncryptFromPatch: 2,
    conversion: 's390',
  },
  {
    ...CALLS_ONLY,
    name: 'ppc-svm',
    title: 'powerpc secure virtual machine',
    family: 'powerpc',
    conversion: 'powerpc',
  },
  {
    ...AMD,
    name: 'sme',
    title: 'AMD SME host',
    guestMemEncrypt: false,
    hostMemEncrypt: true,
    forces: 'by-mask',
    addressBit: C_BIT,
    conversion: 'sme',
    forcesBounceBefore10: false,
    acceptsDevices: false,
  },
  {
    ...GUEST,
    name: 'plain',
    title: 'no memory encryption',
    memEncrypt: false,
    guestMemEncrypt: false,
    forces: 'none',
    conversion: 'none',
    pteEncryption: false,
    preservesContents: true,
    remap: { on: false, fixed: false },
    forcesBounceBefore10: false,
    swiotlbAtBoot: 'if-high-memory',
    acceptsDevices: false,
  },
];
