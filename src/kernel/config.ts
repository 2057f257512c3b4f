/**
 * What a kernel is built from: applied patches, facts of the platform, options and sizes.
 *
 * Everything comes in as an argument. Code of the simulator asks through one reader that remembers what
 * was asked, so that a result holds for every configuration that answers alike to all that was read.
 */

/** Facts of a platform that the simulator asks for. */
export interface PlatformFacts {
  /** Name for messages. */
  readonly name: string;
  /** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)`. */
  readonly memEncrypt: boolean;
  /** `force_dma_unencrypted()` is true for a device that is not trusted. */
  readonly forcesUntrusted: boolean;
  /** How a `dma_addr_t` says shared or private: a bit and what the set bit means; null: no bit. */
  readonly addressBit: null | { readonly bit: number; readonly meaning: 'shared' | 'private' };
  /** Protocol of `set_memory_decrypted()` and `set_memory_encrypted()`, a file of `arch/`. */
  readonly conversion: 'tdx' | 'cca';
  /** CONFIG_DMA_DIRECT_REMAP: the atomic pools are keyed by a vmap alias. */
  readonly dmaDirectRemap: boolean;
  /** CONFIG_DMA_COHERENT_POOL can be configured here. */
  readonly dmaCoherentPool: boolean;
}

/** Options that cut across platforms. */
export interface KernelOptions {
  /** CONFIG_DMA_COHERENT_POOL (counts only where the platform can have it). */
  readonly DMA_COHERENT_POOL: boolean;
  /** CONFIG_SWIOTLB_DYNAMIC; the kernel without it is not simulated yet. */
  readonly SWIOTLB_DYNAMIC: true;
  /** The device was accepted (TDISP, T=1): it may reach private memory and is not forced. */
  readonly trusted: boolean;
  /**
   * A CPU with interrupts off, or in softirq, holds up a grace period too, as in kernels since 5.0 where
   * the RCU flavours are one. Off by default: then grace periods wait for `rcu_read_lock()` sections only,
   * which allows more schedules than a real kernel, never fewer.
   */
  readonly RCU_CONSOLIDATED?: boolean;
}

/** Sizes of what exists at start. Counts of slots are slots of 2 KiB. */
export interface KernelSizes {
  /** Areas of the default pool, each one segment of 128 slots. A power of two. */
  readonly defaultAreas: number;
  /** All slots of the default pool are held by long-lived mappings. */
  readonly defaultPoolFull: boolean;
  /** Slots that the growth worker starts from (`default_nslabs`). */
  readonly growSlabs: number;
  /** Slots below which the growth worker does not halve (`IO_TLB_MIN_SLABS`). */
  readonly growMinSlabs: number;
  /** Areas that the growth worker asks for (`default_nareas` cut to the pool). */
  readonly growAreas: number;
  /** Buffers of 8 KiB that the atomic pool holds. */
  readonly atomicPoolBuffers: number;
  /** Pages that the page allocator starts with. A multiple of 128. */
  readonly ordinaryPages: number;
  /**
   * How many blocks of 64 pages those pages hold; the rest is in blocks of 32, kept apart by pages that others
   * hold for ever. 0: all is free, in blocks as large as they come.
   */
  readonly largeBlocks: number;
  /** The device has bounced before (`dma_uses_io_tlb` is set), as when the long-lived mappings are its own. */
  readonly usesIoTlb: boolean;
  /** Width of the device's streaming and coherent masks. */
  readonly dmaMaskBits: number;
}

/** Sizes used where a configuration names none. */
export const DEFAULT_SIZES: KernelSizes = {
  defaultAreas: 2,
  defaultPoolFull: true,
  growSlabs: 128,
  growMinSlabs: 128,
  growAreas: 1,
  atomicPoolBuffers: 1,
  ordinaryPages: 256,
  largeBlocks: 0,
  usesIoTlb: false,
  dmaMaskBits: 64,
};

/** All that `createKernel` needs. */
export interface KernelConfig {
  readonly patches: ReadonlySet<number>;
  readonly platform: PlatformFacts;
  readonly options: KernelOptions;
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
  readonly #sizes: KernelSizes;
  readonly #patches = new Set<number>();
  readonly #facts = new Set<keyof PlatformFacts>();
  readonly #options = new Set<keyof KernelOptions>();
  readonly #sizesRead = new Set<keyof KernelSizes>();

  constructor(config: KernelConfig) {
    this.#config = config;
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
    return this.#config.options[name];
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
        .map((n): ConfigRead => ({ kind: 'option', name: n, value: c.options[n] ?? false })),
      ...byNumber.map((n): ConfigRead => ({ kind: 'patch', name: String(n), value: c.patches.has(n) })),
      ...[...this.#sizesRead]
        .sort()
        .map((n): ConfigRead => ({ kind: 'size', name: n, value: this.#sizes[n] })),
    ];
  }
}

function checkSizes(s: KernelSizes): void {
  const powerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && (n & (n - 1)) === 0;
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
  if (!Number.isInteger(s.dmaMaskBits) || s.dmaMaskBits < 1 || s.dmaMaskBits > 64)
    wrong('dmaMaskBits', 'a number from 1 to 64');
}
