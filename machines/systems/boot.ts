/**
 * The default swiotlb memory from early boot to its end: reserved, published, converted when conversions work,
 * made from the page allocator if there was none, torn down; with every failure, and with a driver that may map
 * at any time between, also before the state of the pool is settled.
 *
 * One CPU, one task at a time: a mapping can last while the kernel goes on booting, but no call runs beside
 * another. The order is that of every architecture: early pool, attributes, late pool, exit. The driver needs a
 * bounce for its buffer, whatever the reason.
 */
import type { InstanceDef, NetworkDef } from '../../src/lts/types.ts';
import { build } from '../build.ts';
import { conversion } from '../conversion.ts';
import { factsWith, type SystemFacts } from '../facts.ts';
import { guest } from '../guest.ts';
import { ioTlbMem } from '../io-tlb-mem.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { page } from '../page.ts';
import { swiotlbBoot } from '../swiotlb-boot.ts';
import { conversionFor, knows, rangeSync } from './conversion-events.ts';
import { guestInstance } from './guest.ts';
import { only, own } from './sync.ts';

export const FILES: readonly MachineFile[] = [swiotlbBoot, ioTlbMem, conversion, page, guest];

export function boot(
  patches: ReadonlySet<number>,
  given: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const facts = factsWith(patches, given);
  const make = (file: MachineFile) => build(replace(file), patches, { ...given, spareBlocks: true });
  const by = 'boot';
  const tearsDown = !facts.arm64 && facts.conversion !== 's390' && facts.defaultPool;
  const encrypts = tearsDown && facts.sharedPools;
  const mine = own({ by });

  const code = (): InstanceDef => {
    const spec = make(swiotlbBoot);
    return {
      name: 'boot',
      spec,
      sync: {
        alloc_pages: mine,
        get_free_pages: mine,
        free_pages: mine,
        set_memory_decrypted: mine,
        set_memory_decrypted_ret: mine,
        set_memory_encrypted: mine,
        set_memory_encrypted_ret: mine,
        driver_calls: [{ type: 'dma_map_phys' }, { type: 'dma_unmap_phys' }],
      },
    };
  };

  const mem = (): InstanceDef => {
    const spec = make(ioTlbMem);
    return {
      name: 'io_tlb_default_mem',
      spec,
      sync: {
        boot_calls: [
          { type: 'swiotlb_init' },
          { type: 'swiotlb_update_mem_attributes' },
          { type: 'swiotlb_init_late' },
        ],
        attributes_settled: patches.has(7) ? { type: 'write_unencrypted' } : null,
        pool_added: { type: 'add_mem_pool' },
        converted: { type: 'set_memory_decrypted_ret', by, ret: 'ok' },
        not_converted: { type: 'set_memory_decrypted_ret', by, ret: 'failed' },
        torn_down: { type: 'swiotlb_exit' },
      },
    };
  };

  const conversions = (): InstanceDef => {
    const spec = conversionFor(make(conversion), facts.conversion, [by]);
    return {
      name: 'conversion',
      spec,
      sync: Object.fromEntries(
        Object.keys(spec.alphabet).map((type) => [
          type,
          /encrypt/.test(type) && !encrypts ? null : own({}, (event) => knows(facts.conversion, event)),
        ]),
      ),
    };
  };

  const pages = (range: 0 | 1): InstanceDef => {
    const spec = make(page);
    return {
      name: `page[${range}]`,
      spec,
      sync: only(spec, {
        alloc_pages: [
          { type: 'memblock_alloc', what: 'pool', ok: true },
          { type: 'alloc_pages', by, ok: true },
        ],
        free_pages: { type: 'free_pages', by },
        leak: [
          { type: 'free_metadata' },
          ...(patches.has(18) && encrypts ? [{ type: 'set_memory_encrypted_ret', by, ret: 'failed' }] : []),
        ],
        // swiotlb_init_remap() returns; what was reserved stays so.
        forget: [
          { type: 'memblock_alloc', what: 'slots', ok: false },
          { type: 'memblock_alloc', what: 'areas', ok: false },
        ],
        ...rangeSync(facts.conversion, range, { by }, encrypts ? undefined : ['decrypt']),
      }),
    };
  };

  return {
    name: 'boot',
    instances: [code(), mem(), conversions(), pages(0), pages(1), ...guestInstance(given, make(guest))],
  };
}
