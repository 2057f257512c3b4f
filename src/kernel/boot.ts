/**
 * The kernel as it stands when a run begins: memory laid out, pools created and converted.
 *
 * Physical order: default pool, memory of the page allocator, buffers of the drivers, atomic pool. The
 * atomic pool lies highest, so that its pages, should they be freed by mistake, are not the next ones to
 * be handed out.
 */
import type { ConfigReader } from './config.ts';
import { IO_TLB_SEGSIZE, IO_TLB_SIZE } from './dma/swiotlb-slots.ts';
import { BUFFER_BYTES } from './driver.ts';
import type { GenPool } from './genalloc.ts';
import { gen_pool_add_virt } from './genalloc.ts';
import type { MemoryState } from './memory.ts';
import {
  changeCodes,
  createMemory,
  HOST_SHARED,
  PAGE_SIZE,
  PTE_SHARED,
  phys_to_virt,
  RAM_BASE,
  STATIC_START,
  VMALLOC_START,
} from './memory.ts';
import { createBuddy, createFragmentedBuddy } from './page-alloc.ts';
import type { AtomicPool, DriverState, IoTlbPool, KernelState } from './state.ts';
import type { Task } from './task.ts';

/** Address of the default pool's descriptor. */
export const DEFAULT_POOL = STATIC_START;
const DEFAULT_SLOTS = STATIC_START + 0x1000;

/** State after boot. */
export function boot(config: ConfigReader): KernelState {
  const nslabs = config.size('defaultAreas') * IO_TLB_SEGSIZE;
  const poolPages = (nslabs * IO_TLB_SIZE) / PAGE_SIZE;
  const ordinary = config.size('ordinaryPages');
  const bufferPages = (2 * BUFFER_BYTES) / PAGE_SIZE;
  const atomicPages = (config.size('atomicPoolBuffers') * BUFFER_BYTES) / PAGE_SIZE;
  const memory = createMemory(poolPages + ordinary + bufferPages + atomicPages);

  const ordinaryAt = RAM_BASE + poolPages * PAGE_SIZE;
  const buffersAt = ordinaryAt + ordinary * PAGE_SIZE;
  const atomicAt = buffersAt + bufferPages * PAGE_SIZE;

  // Before 7 the default pool is converted whatever the platform says, from 7 only with MEM_ENCRYPT.
  const convert = !config.patch(7) || config.fact('memEncrypt');
  if (convert) share(config, memory, RAM_BASE, poolPages);
  const unencrypted = config.patch(7) ? config.fact('memEncrypt') : null;

  const drivers: DriverState[] = [0, 1].map((n) => ({
    buffer: buffersAt + n * BUFFER_BYTES,
    mapping: null,
    bytes: 0,
    deviceWrote: false,
  }));
  return {
    tasks: ['driver/0', 'driver/1', 'reader/1'].map(
      (name): Task => ({
        name,
        cpu: Number(name.slice(-1)),
        context: 'process',
        rcu: 0,
        stack: [],
        pending: null,
      }),
    ),
    locks: [],
    memory,
    buddy:
      config.size('largeBlocks') === 0
        ? createBuddy(ordinaryAt / PAGE_SIZE, ordinary)
        : createFragmentedBuddy(ordinaryAt / PAGE_SIZE, ordinary, config.size('largeBlocks')),
    slab: [],
    pools: [defaultPool(config, nslabs)],
    slots: [
      {
        addr: DEFAULT_SLOTS,
        nslabs,
        initial: config.size('defaultPoolFull') ? 'full' : 'free',
        fields: null,
      },
    ],
    mem: { pools: DEFAULT_POOL, nslabs, can_grow: true, unencrypted },
    device: { dma_uses_io_tlb: config.size('usesIoTlb'), transient: 0 },
    atomicPools: atomicPools(config, memory, atomicAt, atomicPages),
    rcu: { waiting: [], gp: null, done: [] },
    queued: [],
    drivers,
  };
}

/** A conversion at boot, which cannot fail here; a platform without encryption converts nothing. */
function share(config: ConfigReader, memory: MemoryState, phys: number, pages: number): void {
  if (config.fact('memEncrypt')) changeCodes(memory, phys, pages, PTE_SHARED | HOST_SHARED, 0);
}

function defaultPool(config: ConfigReader, nslabs: number): IoTlbPool {
  const areas = config.size('defaultAreas');
  const used = config.size('defaultPoolFull') ? nslabs / areas : 0;
  return {
    addr: DEFAULT_POOL,
    start: RAM_BASE,
    end: RAM_BASE + nslabs * IO_TLB_SIZE,
    vaddr: phys_to_virt(RAM_BASE),
    nslabs,
    area_nslabs: nslabs / areas,
    areas: Array.from({ length: areas }, () => ({ used, index: 0 })),
    slots: DEFAULT_SLOTS,
    transient: false,
    unencrypted: null,
    next: 0,
    workPending: false,
  };
}

/** `dma_atomic_pool_init()`: the kernel pool alone; there is no memory in the other zones. */
function atomicPools(config: ConfigReader, memory: MemoryState, phys: number, pages: number): AtomicPool[] {
  if (!config.fact('dmaCoherentPool') || !config.option('DMA_COHERENT_POOL')) return [];
  if (!config.patch(5) || config.fact('memEncrypt')) share(config, memory, phys, pages);
  let virt = phys_to_virt(phys);
  if (config.fact('dmaDirectRemap')) {
    virt = VMALLOC_START;
    // The alias's protection is decrypted whatever the pool's state.
    memory.vmap.push({ vaddr: virt, phys, pages, shared: config.fact('memEncrypt') });
  }
  const pool: GenPool = { chunks: [] };
  gen_pool_add_virt(pool, virt, phys, pages * PAGE_SIZE);
  return [{ name: 'kernel', pool, unencrypted: config.patch(5) ? config.fact('memEncrypt') : null }];
}
