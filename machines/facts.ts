/**
 * What the specification wants to know of a platform, its options and the device. The machines' literals
 * never depend on them: they decide named guards. The simulator declares its own type for its own questions.
 */
export interface Facts {
  /** `cc_platform_has(CC_ATTR_MEM_ENCRYPT)` once the system is up. */
  readonly memEncrypt: boolean;
  /** `force_dma_unencrypted(dev)`: the device can only reach shared memory. */
  readonly forced: boolean;
  /** Whether a `dma_addr_t` carries a bit that says shared or private. */
  readonly encodingBit: boolean;
  /**
   * How `set_memory_decrypted/encrypted` go about it.
   * `tdx`: to shared the page table first and the host last; to private the host first and the page table last.
   * `cca`: entries invalid with the new bit, host calls, entries valid again.
   */
  readonly conversion: 'tdx' | 'cca';
  /** CONFIG_DMA_DIRECT_REMAP: atomic pools are keyed by a vmap alias. */
  readonly remap: boolean;
  /** CONFIG_DMA_COHERENT_POOL. */
  readonly coherentPool: boolean;
  /** The page allocator has more blocks of the size that is asked for than a system can use up. */
  readonly spareBlocks: boolean;
}
