/**
 * What a kernel is built from: applied patches, facts of the platform, options and sizes.
 *
 * Everything comes in as an argument. Code of the simulator asks through one reader that remembers what
 * was asked, so that a result holds for every configuration that answers alike to all that was read.
 */

/** How pages are converted: a file of `arch/` for each. */
export type ConversionProtocol =
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

/** Facts of a platform that the simulator asks for. */
export interface PlatformFacts {
  /** Name for messages. */
  readonly name: string;
  /** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)`, once the series has made it so. */
  readonly memEncrypt: boolean;
  /** The patch that made it so: before it the answer is no. Null: it always was. */
  readonly memEncryptFromPatch: number | null;
  /** `cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT)`. */
  readonly guestMemEncrypt: boolean;
  /** `cc_platform_has(CC_ATTR_HOST_MEM_ENCRYPT)`. */
  readonly hostMemEncrypt: boolean;
  /** Of which devices `force_dma_unencrypted()` is true; a trusted device is never forced. */
  readonly forces: 'all' | 'none' | 'by-mask';
  /** The patch that made it so: before it no device was forced. Null: it always was. */
  readonly forcesFromPatch: number | null;
  /** How a `dma_addr_t` says shared or private: a bit and what the set bit means; null: no bit. */
  readonly addressBit: null | { readonly bit: number; readonly meaning: 'shared' | 'private' };
  /** Protocol of `set_memory_decrypted()` and `set_memory_encrypted()`. */
  readonly conversion: ConversionProtocol;
  /** A page-table entry says shared or private, so that an alias can disagree with the page. */
  readonly pteEncryption: boolean;
  /** What a page holds survives its conversion. */
  readonly preservesContents: boolean;
  /** CONFIG_DMA_DIRECT_REMAP: the atomic pools are keyed by a vmap alias. */
  readonly dmaDirectRemap: boolean;
  /** CONFIG_DMA_COHERENT_POOL can be configured here. */
  readonly dmaCoherentPool: boolean;
  /** The architecture sets SWIOTLB_FORCE before patch 10. */
  readonly forceBounceBefore10: boolean;
  /** When the architecture asks for a default swiotlb pool at boot. */
  readonly swiotlbAtBoot: 'always' | 'if-high-memory';
  /** Who boots: decides the order of what is set up. */
  readonly family: 'x86' | 'arm64' | 's390' | 'powerpc';
}

/** Options that cut across platforms. */
export interface KernelOptions {
  /** The parameter `swiotlb=`. */
  readonly swiotlb: 'default' | 'force' | 'noforce';
  /** CONFIG_SWIOTLB_DYNAMIC. */
  readonly SWIOTLB_DYNAMIC: boolean;
  /** CONFIG_DMA_COHERENT_POOL (counts only where the platform can have it). */
  readonly DMA_COHERENT_POOL: boolean;
  /** The device tree gives the devices a restricted pool. */
  readonly restrictedPool: boolean;
  /** The devices are cache-coherent. */
  readonly coherent: boolean;
  /** How an architecture without remap serves a device that is not coherent. */
  readonly uncached: 'none' | 'uncached' | 'global' | 'arch';
  /** Bits of the streaming and the coherent mask, as the driver has set them. */
  readonly mask: number;
  /** The devices are behind an IOMMU. */
  readonly iommu: boolean;
  /** The guest runs on Xen, and the devices use its operations. */
  readonly xen: boolean;
  /** The devices were accepted (TDISP, T=1) before the run: they may reach private memory and are not forced. */
  readonly trusted: boolean;
  /**
   * A CPU with interrupts off, or in softirq, holds up a grace period too, as in kernels since 5.0 where
   * the RCU flavours are one. Off by default: then grace periods wait for `rcu_read_lock()` sections only,
   * which allows more schedules than a real kernel, never fewer.
   */
  readonly RCU_CONSOLIDATED: boolean;
}

/** Options used where a configuration names none. */
export const DEFAULT_KERNEL_OPTIONS: KernelOptions = {
  swiotlb: 'default',
  SWIOTLB_DYNAMIC: true,
  DMA_COHERENT_POOL: true,
  restrictedPool: false,
  coherent: true,
  uncached: 'none',
  mask: 64,
  iommu: false,
  xen: false,
  trusted: false,
  RCU_CONSOLIDATED: false,
};

/** Sizes of what exists at start. Counts of slots are slots of 2 KiB. */
export interface KernelSizes {
  /**
   * How far the boot has come: `done`, all pools made and converted as on a successful boot of the platform, or
   * `early`: nothing of swiotlb and the atomic pools is there yet, and the stimuli of the boot make it.
   */
  readonly boot: 'done' | 'early';
  /** Areas of the default pool, each at least one segment of 128 slots. A power of two. */
  readonly defaultAreas: number;
  /** Segments of 128 slots in each area of the default pool. */
  readonly defaultSegments: number;
  /** A default pool that may lie anywhere (SWIOTLB_ANY) lies above 4 GiB; every other one below. */
  readonly highPool: boolean;
  /** Slots below which the reservation of the default pool does not halve (`IO_TLB_MIN_SLABS`). */
  readonly defaultMinSlabs: number;
  /** Slots that `swiotlb_init_late` is asked for; it tries sizes above `defaultMinSlabs` only. */
  readonly lateSlabs: number;
  /** Slots of the region of a restricted pool (counts only with the option). */
  readonly restrictedSlabs: number;
  /** All slots of the default pool are held by long-lived mappings. */
  readonly defaultPoolFull: boolean;
  /** All slots of the restricted pool are, where there is one. */
  readonly restrictedPoolFull: boolean;
  /** Slots that the growth worker starts from (`default_nslabs`). */
  readonly growSlabs: number;
  /** Slots below which the growth worker does not halve (`IO_TLB_MIN_SLABS`). */
  readonly growMinSlabs: number;
  /** Areas that the growth worker asks for (`default_nareas` cut to the pool). */
  readonly growAreas: number;
  /** Buffers of 8 KiB that the atomic pool holds. */
  readonly atomicPoolBuffers: number;
  /**
   * An atomic pool of which less is left than it started with schedules its growth, as in the kernel. False: nobody
   * notices, which keeps workloads small that are not about growth.
   */
  readonly atomicPoolGrows: boolean;
  /** The atomic pools of zones dma32 and dma exist too, each only if its zone has memory; all equally large. */
  readonly zonePools: boolean;
  /** Pages that the page allocator starts with, in zone dma32. A multiple of 128. */
  readonly ordinaryPages: number;
  /** Where those pages lie: `low`, at 16 MiB; or at 1 GiB, or at 16 GiB, where they are of zone normal. */
  readonly ordinaryAt: 'low' | '1G' | '16G';
  /**
   * How many blocks of 64 pages those pages hold; the rest is in blocks of 32, kept apart by pages that others
   * hold for ever. 0: all is free, in blocks as large as they come.
   */
  readonly largeBlocks: number;
  /**
   * How many blocks of 2 pages lie below all others, kept apart by pages that others hold for ever: requests of that
   * size are served from them as long as there are any. 0: none.
   */
  readonly smallBlocks: number;
  /** Pages that the page allocator starts with in zone dma. */
  readonly dmaZonePages: number;
  /** Pages that the page allocator starts with in zone normal, above 4 GiB. */
  readonly normalZonePages: number;
  /** Pages of each driver's buffer: 2, or more for mappings that no pool takes. */
  readonly bufferPages: number;
  /** The buffers of the drivers, and the MMIO that they map, lie above 4 GiB. */
  readonly highBuffers: boolean;
  /** Pages of the CMA area; 0: there is none. */
  readonly cmaPages: number;
  /** The CMA area lies in highmem, as on 32-bit kernels only. */
  readonly cmaHighmem: boolean;
  /** Number of devices, 1 or 2; driver N has device N, or the last one. */
  readonly devices: number;
  /**
   * The devices are PCI devices behind an external port, which the kernel does not trust (`pci_dev.untrusted`): behind
   * an IOMMU they share no page with anything else. Another thing than TDISP.
   */
  readonly externalPort: boolean;
  /** The device has bounced before (`dma_uses_io_tlb` is set), as when the long-lived mappings are its own. */
  readonly usesIoTlb: boolean;
  /** Width of the devices' streaming and coherent masks; 0: as the option says. */
  readonly dmaMaskBits: number;
  /** Width of the devices' coherent mask alone; 0: as the other says. 32 is what a device starts with. */
  readonly coherentMaskBits: number;
  /** `bus_dma_limit` of the devices as a number of bits; 0: none. */
  readonly busLimitBits: number;
  /** The `dma_range_map` of the devices: none, or one whose only window ends at 4 GiB. */
  readonly dmaWindow: 'none' | 'low';
  /** `min_align_mask` of the devices. */
  readonly minAlignMask: number;
  /** Segment boundary mask of the devices. */
  readonly segBoundaryMask: number;
}

/** Sizes used where a configuration names none. */
export const DEFAULT_SIZES: KernelSizes = {
  boot: 'done',
  defaultAreas: 2,
  defaultSegments: 1,
  highPool: false,
  defaultMinSlabs: 128,
  lateSlabs: 256,
  restrictedSlabs: 128,
  defaultPoolFull: true,
  restrictedPoolFull: false,
  growSlabs: 128,
  growMinSlabs: 128,
  growAreas: 1,
  atomicPoolBuffers: 1,
  atomicPoolGrows: false,
  ordinaryPages: 256,
  ordinaryAt: 'low',
  largeBlocks: 0,
  smallBlocks: 0,
  zonePools: false,
  dmaZonePages: 0,
  normalZonePages: 0,
  bufferPages: 2,
  highBuffers: false,
  cmaPages: 0,
  cmaHighmem: false,
  devices: 1,
  externalPort: false,
  usesIoTlb: false,
  dmaMaskBits: 0,
  coherentMaskBits: 0,
  busLimitBits: 0,
  dmaWindow: 'none',
  minAlignMask: 0,
  segBoundaryMask: 0xffff_ffff,
};

/** All that `createKernel` needs. */
export interface KernelConfig {
  readonly patches: ReadonlySet<number>;
  readonly platform: PlatformFacts;
  /** Those that are not named are {@link DEFAULT_KERNEL_OPTIONS}. */
  readonly options: Partial<KernelOptions>;
  readonly sizes?: Partial<KernelSizes>;
}

/** One question that was asked of the configuration, with its answer. */
export interface ConfigRead {
  readonly kind: 'patch' | 'fact' | 'option' | 'size';
  readonly name: string;
  readonly value: unknown;
}

/** The one accessor to the configuration. Remembers what was read. */
export class ConfigReader {
  readonly #config: KernelConfig;
  readonly #kernelOptions: KernelOptions;
  readonly #sizes: KernelSizes;
  readonly #patches = new Set<number>();
  readonly #facts = new Set<keyof PlatformFacts>();
  readonly #options = new Set<keyof KernelOptions>();
  readonly #sizesRead = new Set<keyof KernelSizes>();

  constructor(config: KernelConfig) {
    this.#config = config;
    this.#kernelOptions = { ...DEFAULT_KERNEL_OPTIONS, ...config.options };
    this.#sizes = { ...DEFAULT_SIZES, ...config.sizes };
    checkSizes(this.#sizes);
  }

  /** Is patch `n` of the series applied? */
  patch(n: number): boolean {
    this.#patches.add(n);
    return this.#config.patches.has(n);
  }

  /** A fact of the platform. */
  fact<K extends keyof PlatformFacts>(name: K): PlatformFacts[K] {
    this.#facts.add(name);
    return this.#config.platform[name];
  }

  /** An option. */
  option<K extends keyof KernelOptions>(name: K): KernelOptions[K] {
    this.#options.add(name);
    return this.#kernelOptions[name];
  }

  /** A size. */
  size<K extends keyof KernelSizes>(name: K): KernelSizes[K] {
    this.#sizesRead.add(name);
    return this.#sizes[name];
  }

  /** Everything that was asked so far, sorted by kind and name. */
  reads(): ConfigRead[] {
    const c = this.#config;
    const byNumber = [...this.#patches].sort((a, b) => a - b);
    return [
      ...[...this.#facts].sort().map((n): ConfigRead => ({ kind: 'fact', name: n, value: c.platform[n] })),
      ...[...this.#options]
        .sort()
        .map((n): ConfigRead => ({ kind: 'option', name: n, value: this.#kernelOptions[n] })),
      ...byNumber.map((n): ConfigRead => ({ kind: 'patch', name: String(n), value: c.patches.has(n) })),
      ...[...this.#sizesRead]
        .sort()
        .map((n): ConfigRead => ({ kind: 'size', name: n, value: this.#sizes[n] })),
    ];
  }
}

function checkSizes(s: KernelSizes): void {
  const powerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && Number.isInteger(Math.log2(n));
  const wrong = (name: keyof KernelSizes, accepted: string): never => {
    throw new RangeError(`sizes.${name} is ${String(s[name])}: accepted is ${accepted}`);
  };
  if (!powerOfTwo(s.defaultAreas)) wrong('defaultAreas', 'a power of two');
  if (!powerOfTwo(s.growAreas)) wrong('growAreas', 'a power of two');
  if (s.growMinSlabs < 1 || s.growMinSlabs > s.growSlabs) wrong('growMinSlabs', '1 to growSlabs');
  if (!Number.isInteger(s.growSlabs) || s.growSlabs % 128 !== 0) wrong('growSlabs', 'a multiple of 128');
  if (!Number.isInteger(s.atomicPoolBuffers) || s.atomicPoolBuffers < 1 || s.atomicPoolBuffers > 8)
    wrong('atomicPoolBuffers', 'a number from 1 to 8');
  if (!Number.isInteger(s.ordinaryPages) || s.ordinaryPages % 128 !== 0)
    wrong('ordinaryPages', 'a multiple of 128');
  if (!Number.isInteger(s.largeBlocks) || s.largeBlocks < 0 || s.largeBlocks * 64 > s.ordinaryPages)
    wrong('largeBlocks', 'a number from 0 to ordinaryPages / 64');
  if (!Number.isInteger(s.smallBlocks) || s.smallBlocks < 0 || s.smallBlocks * 4 > s.ordinaryPages)
    wrong('smallBlocks', 'a number from 0 to ordinaryPages / 4');
  if (s.smallBlocks > 0 && s.largeBlocks > 0) wrong('smallBlocks', '0 where largeBlocks is not');
  const whole = (name: keyof KernelSizes, least: number, most: number): void => {
    const n = s[name] as number;
    if (!Number.isInteger(n) || n < least || n > most) wrong(name, `a number from ${least} to ${most}`);
  };
  for (const name of ['dmaMaskBits', 'coherentMaskBits', 'busLimitBits'] as const) whole(name, 0, 64);
  whole('defaultSegments', 1, 64);
  for (const name of ['defaultMinSlabs', 'lateSlabs', 'restrictedSlabs'] as const) {
    whole(name, 128, 32768);
    if (s[name] % 128 !== 0) wrong(name, 'a multiple of 128');
  }
  whole('dmaZonePages', 0, 2048);
  whole('normalZonePages', 0, 2048);
  whole('cmaPages', 0, 2048);
  whole('devices', 1, 2);
  whole('bufferPages', 2, 128);
  whole('minAlignMask', 0, 0xffff);
  if (!powerOfTwo(s.minAlignMask + 1)) wrong('minAlignMask', 'a power of two less one');
  if (!powerOfTwo((s.segBoundaryMask + 1) / 4096)) wrong('segBoundaryMask', 'a mask of at least a page');
  if (!['low', '1G', '16G'].includes(s.ordinaryAt)) wrong('ordinaryAt', 'low, 1G or 16G');
  if (s.boot !== 'done' && s.boot !== 'early') wrong('boot', 'done or early');
}
