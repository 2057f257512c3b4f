/**
 * What the specification wants to know of a platform, its options and the device, as questions of its own. The
 * machines' literals never depend on the answers: they decide named guards. The simulator declares its own type
 * for its own questions.
 *
 * A system is told `SystemFacts`, which are the same for every series. Some answers of the kernel depend on
 * the patches that are applied (patches 1, 2, 10); `factsWith` works them out, and guards are given the result.
 */

/**
 * How `set_memory_decrypted()` and `set_memory_encrypted()` go about it, by the platform that does it so; see
 * `conversion.ts`. `none`: nothing is encrypted, the calls do nothing and return 0.
 */
export const PROTOCOLS = [
  'sev',
  'snp',
  'tdx',
  'vtom',
  'cca',
  'pkvm',
  's390',
  'powerpc',
  'sme',
  'none',
] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Of the platform, its options and the device; the same whatever patches are applied. */
export interface SystemFacts {
  /** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)` once the system is up: from this patch on (0: always; null: never). */
  readonly memEncryptFrom: number | null;
  /**
   * `force_dma_unencrypted(dev)` of the device as its driver has set it up: from this patch on (0: always; null:
   * never).
   */
  readonly forcedFrom: number | null;
  /**
   * AMD SME: force is no property of the platform, but of the device's coherent mask. It is 32 bits, and the
   * device forced, until the driver sets another.
   */
  readonly forceFollowsMask: boolean;
  /**
   * The hardware's truth, known to the kernel or not: this device reaches shared memory only. A forced device is
   * confined; on pKVM it was so before patch 1, which tells the kernel.
   */
  readonly confined: boolean;
  /** TDISP, T=1: the device has been accepted and reaches private memory. */
  readonly trusted: boolean;
  /** Coherent and streaming mask that the driver sets, in bits. */
  readonly mask: 32 | 64;
  /** Which state of memory a bit in the `dma_addr_t` says, when it is set; null: the address does not say. */
  readonly encoding: 'shared' | 'private' | null;
  readonly conversion: Protocol;
  /** What a page holds is still there after a conversion. */
  readonly contentsSurvive: boolean;
  /** CONFIG_DMA_DIRECT_REMAP: atomic pools are keyed by a vmap alias, non-coherent devices get one too. */
  readonly remap: boolean;
  /** CONFIG_DMA_COHERENT_POOL. */
  readonly coherentPool: boolean;
  /** CONFIG_SWIOTLB_DYNAMIC. */
  readonly dynamic: boolean;
  /** The device names a restricted pool (`memory-region` with `restricted-dma-pool`). */
  readonly restricted: boolean;
  /** The kernel's parameter `swiotlb=`. */
  readonly swiotlb: 'default' | 'force' | 'noforce';
  /** The default pool may lie anywhere in memory, also where a device with a short mask does not reach. */
  readonly poolAnywhere: boolean;
  /** The architecture asked for SWIOTLB_FORCE, before patch 10. */
  readonly archForcesBounce: boolean;
  /** The device is coherent with the CPU's caches. */
  readonly coherent: boolean;
  /** How an architecture without remap serves a non-coherent device. */
  readonly uncached: 'none' | 'uncached' | 'global' | 'arch';
  /** The device is behind an IOMMU that translates. */
  readonly iommu: boolean;
  readonly xen: boolean;
  /** The machine is an arm64 one: its caches and its kmalloc alignment are. */
  readonly arm64: boolean;
}

/** What an instance of a system decides for itself. */
export interface Scope {
  /** The page allocator has more blocks of the size that is asked for than a system can use up. */
  readonly spareBlocks: boolean;
}

/** As the kernel answers with certain patches applied: what guards are given. */
export interface Facts extends SystemFacts, Scope {
  /** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)` once the system is up. */
  readonly memEncrypt: boolean;
  /** `force_dma_unencrypted(dev)`. */
  readonly forced: boolean;
  /** Whether a `dma_addr_t` carries a bit that says shared or private. */
  readonly encodingBit: boolean;
  /** `io_tlb_default_mem.force_bounce`: every streaming mapping through the default pool's memory bounces. */
  readonly forceBounce: boolean;
  /** A default pool is made at early boot: there is one unless `swiotlb=noforce`. */
  readonly defaultPool: boolean;
  /** A page really changes its state when it is converted. */
  readonly convertible: boolean;
  /** Dynamic and transient pools are made of shared memory: always before patch 7, then where memory is encrypted. */
  readonly sharedPools: boolean;
  /** A shared address does not fit in the device's mask: `dma_capable()` and `dma_coherent_ok()` refuse it. */
  readonly sharedTooHigh: boolean;
  /** Atomic pools are made of shared memory: always before patch 5, then where memory is encrypted. */
  readonly sharedAtomicPools: boolean;
}

/** The answers of the kernel with the given patches (numbers 1..20). */
export function factsWith(patches: ReadonlySet<number>, given: SystemFacts & Partial<Scope>): Facts {
  const since = (patch: number | null) => patch !== null && (patch === 0 || patches.has(patch));
  const memEncrypt = since(given.memEncryptFrom);
  return {
    ...given,
    spareBlocks: given.spareBlocks ?? true,
    memEncrypt,
    forced: since(given.forcedFrom),
    encodingBit: given.encoding !== null,
    forceBounce: given.swiotlb === 'force' || (given.archForcesBounce && !patches.has(10)),
    defaultPool: given.swiotlb !== 'noforce',
    convertible: given.conversion !== 'none',
    sharedPools: memEncrypt || !patches.has(7),
    sharedTooHigh: given.mask === 32 && given.encoding === 'shared',
    sharedAtomicPools: memEncrypt || !patches.has(5),
  };
}

/** A conversion may sleep there: it must not be called in atomic context. */
export function conversionSleeps({ conversion }: Pick<SystemFacts, 'conversion'>): boolean {
  return !['pkvm', 's390', 'powerpc', 'none'].includes(conversion);
}

/** A failing conversion is the end of the guest: the host refuses a page state (SEV-SNP), or the call fails (s390). */
export function conversionMayEndGuest({ conversion }: Pick<SystemFacts, 'conversion'>): boolean {
  return conversion === 'snp' || conversion === 's390';
}

/** A conversion can fail and say so. */
export function conversionMayFail({ conversion }: Pick<SystemFacts, 'conversion'>): boolean {
  return !['s390', 'powerpc', 'none'].includes(conversion);
}

/**
 * Whether memory below 4 GiB has an address that fits in the device's mask, encoded as shared or private: a
 * bit that stands for the state lies above 32 bits. `dma_coherent_ok()` encodes by `force_dma_unencrypted()`,
 * which is the default here; `dma_capable()` is given the address as it was encoded.
 */
export function addressable(
  { mask, encoding, ...rest }: Pick<Facts, 'mask' | 'encoding' | 'forced'>,
  shared: boolean = rest.forced,
): boolean {
  return mask === 64 || encoding === null || (encoding === 'shared') !== shared;
}
