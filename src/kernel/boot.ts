/**
 * The kernel as it stands when a run begins: as a successful boot of its platform leaves it, or, where the
 * sizes say `early`, before swiotlb and the atomic pools are made. How they are made, step by step, is in
 * `dma/swiotlb-boot.ts`; a test holds that both end in the same state.
 */
import type { ConfigReader } from './config.ts';
import { cc_platform_has_mem_encrypt } from './device.ts';
import { IO_TLB_SIZE } from './dma/swiotlb-slots.ts';
import type { GenPool } from './genalloc.ts';
import { gen_pool_add_virt } from './genalloc.ts';
import type { Layout } from './layout.ts';
import { DRIVER_COUNT, layOut, layOutBuddy } from './layout.ts';
import type { MemoryState } from './memory.ts';
import {
  changeCodes,
  HOST_SHARED,
  KMALLOC_START,
  PAGE_SIZE,
  PTE_SHARED,
  phys_to_virt,
  STATIC_START,
} from './memory.ts';
import type {
  AtomicPool,
  DeviceState,
  DriverState,
  GlobalPool,
  IoTlbMem,
  IoTlbPool,
  KernelState,
  SlotArray,
} from './state.ts';
import type { Task } from './task.ts';
import { addAlias, framesOf } from './vmap.ts';

/** Address of the default pool's descriptor. */
export const DEFAULT_POOL = STATIC_START;
/** Address of the default pool's slot array. */
export const DEFAULT_SLOTS = STATIC_START + 0x1000;
/** Address of the default pool's areas. */
export const DEFAULT_AREAS = STATIC_START + 0x1800;
/** Address of `io_tlb_default_mem`. */
export const DEFAULT_MEM = STATIC_START + 0x2000;
/** Where in an `io_tlb_mem` from kmalloc its `defpool` stands. */
export const DEFPOOL_OFFSET = 0x80;
/** `phys_limit` of pools that must lie low: ARCH_LOW_ADDRESS_LIMIT. */
export const LOW_LIMIT = 0xffff_ffff;
/** `phys_limit` of pools that may lie anywhere: the end of memory. */
export const NO_LIMIT = 2 ** 40 - 1;

/** State when a run begins. */
export function boot(config: ConfigReader): KernelState {
  const layout = layOut(config);
  const { memory, restricted, cma } = layout;
  const early = config.size('boot') === 'early';
  const s: KernelState = {
    ended: null,
    tasks: ['driver/0', 'driver/1', 'reader/1'].map(idleTask),
    locks: [],
    memory,
    buddy: layOutBuddy(config, layout),
    slab: [],
    pools: [],
    slots: [],
    boot: { swiotlb: !early, attributes: !early, exited: false, atomicPools: !early },
    mems: [emptyMem(config, DEFAULT_MEM, DEFAULT_POOL)],
    devices: Array.from({ length: config.size('devices') }, (_, id) => device(config, id)),
    regions: restricted.nslabs > 0 ? [{ ...restricted, priv: 0 }] : [],
    deviceViews: [],
    cma: { phys: cma.phys, bits: new Array<number>(cma.pages).fill(0) },
    globalPool: globalPool(memory, layout),
    iommu: [],
    atomicPools: early ? [] : atomicPools(config, layout),
    rcu: { waiting: [], gp: null, done: [] },
    queued: [],
    drivers: Array.from({ length: DRIVER_COUNT }, (_, n) => driver(config, layout, n)),
  };
  if (!early) {
    bootDefault(config, s, layout);
    if (s.regions.length > 0) bootRestricted(config, s);
  }
  return s;
}

function idleTask(name: string): Task {
  return { name, cpu: Number(name.slice(-1)), context: 'process', rcu: 0, stack: [], pending: null };
}

function driver(config: ConfigReader, { buffers }: Layout, n: number): DriverState {
  return {
    device: Math.min(n, config.size('devices') - 1),
    buffer: buffers + n * config.size('bufferPages') * PAGE_SIZE,
    mapping: null,
    list: null,
    owner: 'cpu',
    shared: false,
    bytes: 0,
    deviceWrote: false,
    deviceWrites: [],
    cpuVersion: 0,
    cpuAnswered: false,
    lost: null,
    allocations: [],
  };
}

function device(config: ConfigReader, id: number): DeviceState {
  const mask = config.size('dmaMaskBits') || config.option('mask');
  return {
    id,
    dma_uses_io_tlb: config.size('usesIoTlb'),
    transient: 0,
    io_tlb_mem: DEFAULT_MEM,
    external: config.size('externalPort'),
    trusted: config.option('trusted'),
    coherent: config.option('coherent'),
    dma_mask_bits: mask,
    coherent_mask_bits: config.size('coherentMaskBits') || mask,
    bus_limit_bits: config.size('busLimitBits'),
    min_align_mask: config.size('minAlignMask'),
    seg_boundary_mask: config.size('segBoundaryMask'),
    iommu: config.option('iommu'),
    xen: config.option('xen'),
  };
}

/** An `io_tlb_mem` of zeroes; from patch 7 it knows a state, at first private. */
export function emptyMem(config: ConfigReader, addr: number, defpool: number): IoTlbMem {
  return {
    addr,
    defpool,
    pools: 0,
    nslabs: 0,
    force_bounce: false,
    for_alloc: false,
    can_grow: false,
    phys_limit: 0,
    unencrypted: config.patch(7) ? false : null,
  };
}

/** A pool descriptor over free slots. */
export function describePool(
  addr: number,
  phys: number,
  nslabs: number,
  nareas: number,
  slots: number,
  areas_addr: number,
): IoTlbPool {
  return {
    addr,
    start: phys,
    end: phys + nslabs * IO_TLB_SIZE,
    vaddr: phys_to_virt(phys),
    nslabs,
    area_nslabs: nslabs / nareas,
    areas: Array.from({ length: nareas }, () => ({ used: 0, index: 0 })),
    slots,
    transient: false,
    late_alloc: false,
    areas_addr,
    unencrypted: null,
    next: 0,
    workPending: false,
  };
}

/** Does the architecture ask for a default pool at boot, or the command line (`swiotlb_init_remap`)? */
export function wantsDefaultPool(config: ConfigReader): boolean {
  const asked = config.option('swiotlb');
  if (asked === 'noforce') return false;
  if (asked === 'force' || config.fact('swiotlbAtBoot') === 'always') return true;
  // x86 without encryption: only if there is memory that a 32-bit device cannot reach.
  const far = config.size('ordinaryAt') === '16G';
  return far || config.size('normalZonePages') > 0 || config.size('highBuffers');
}

/** `swiotlb_init_remap()` sets these when there shall be a pool. Patch 10 acts: who asks for SWIOTLB_FORCE. */
export function forcesBounce(config: ConfigReader): boolean {
  if (config.option('swiotlb') === 'force') return true;
  return config.fact('forceBounceBefore10') && !config.patch(10);
}

/** SWIOTLB_ANY (powerpc SVM): the pool may lie anywhere. */
export function defaultPhysLimit(config: ConfigReader): number {
  return config.fact('family') === 'powerpc' ? NO_LIMIT : LOW_LIMIT;
}

/** The default pool after a successful boot: reserved, converted if it shall be, and on the list. */
function bootDefault(config: ConfigReader, s: KernelState, { poolSlabs, pool: phys }: Layout): void {
  const mem = s.mems[0]!;
  // Recorded even when there is no pool.
  if (config.patch(7)) mem.unencrypted = cc_platform_has_mem_encrypt({ config });
  if (!wantsDefaultPool(config)) return;
  if (mem.unencrypted !== false) share(config, s.memory, phys, (poolSlabs * IO_TLB_SIZE) / PAGE_SIZE);
  const areas = config.size('defaultAreas');
  const pool = describePool(DEFAULT_POOL, phys, poolSlabs, areas, DEFAULT_SLOTS, DEFAULT_AREAS);
  const full = config.size('defaultPoolFull');
  if (full) for (const area of pool.areas) area.used = pool.area_nslabs;
  s.pools.push(pool);
  const initial: SlotArray['initial'] = full ? 'full' : 'free';
  s.slots.push({ addr: DEFAULT_SLOTS, nslabs: poolSlabs, initial, fields: null });
  const dynamic = config.option('SWIOTLB_DYNAMIC');
  mem.pools = dynamic ? DEFAULT_POOL : 0;
  mem.nslabs = poolSlabs;
  mem.force_bounce = forcesBounce(config);
  // Xen on x86 exchanges the machine frames of its pool (pci_xen_swiotlb_init): what is remapped cannot grow.
  mem.can_grow = dynamic && !(config.option('xen') && config.fact('family') === 'x86');
  mem.phys_limit = dynamic ? defaultPhysLimit(config) : 0;
}

/** The restricted pool after the probe of the devices, which all name its region. */
function bootRestricted(config: ConfigReader, s: KernelState): void {
  const region = s.regions[0]!;
  const [memAddr, slots, areas] = [KMALLOC_START, KMALLOC_START + 0x100, KMALLOC_START + 0x200];
  s.slab.push({ addr: memAddr, what: 'io_tlb_mem' });
  s.slab.push({ addr: slots, what: 'io_tlb_slot' }, { addr: areas, what: 'io_tlb_area' });
  const mem = emptyMem(config, memAddr, memAddr + DEFPOOL_OFFSET);
  if (config.patch(7)) mem.unencrypted = cc_platform_has_mem_encrypt({ config });
  if (mem.unencrypted !== false)
    share(config, s.memory, region.phys, (region.nslabs * IO_TLB_SIZE) / PAGE_SIZE);
  const full = config.size('restrictedPoolFull');
  s.slots.push({ addr: slots, nslabs: region.nslabs, initial: full ? 'full' : 'free', fields: null });
  const pool = describePool(mem.defpool, region.phys, region.nslabs, 1, slots, areas);
  if (full) pool.areas[0]!.used = pool.area_nslabs;
  s.pools.push(pool);
  mem.pools = config.option('SWIOTLB_DYNAMIC') ? mem.defpool : 0;
  mem.nslabs = region.nslabs;
  mem.force_bounce = true;
  mem.for_alloc = true;
  s.mems.push(mem);
  region.priv = memAddr;
  for (const d of s.devices) d.io_tlb_mem = memAddr;
}

/** A conversion at boot, which cannot fail here; a platform whose conversions are no-ops converts nothing. */
function share(config: ConfigReader, memory: MemoryState, phys: number, pages: number): void {
  if (config.fact('conversion') !== 'none') changeCodes(memory, phys, pages, PTE_SHARED | HOST_SHARED, 0);
}

/** `dma_init_global_coherent()`: the pool under its own mapping. */
function globalPool(memory: MemoryState, { global }: Layout): GlobalPool | null {
  if (global.pages === 0) return null;
  const vaddr = addAlias(memory.vmap, framesOf(global.phys, global.pages), false);
  return { phys: global.phys, vaddr, bits: new Array<number>(global.pages).fill(0) };
}

/** `dma_atomic_pool_init()`: the kernel pool; the other two only where they are asked for and have a zone. */
function atomicPools(config: ConfigReader, { memory, atomic }: Layout): AtomicPool[] {
  if (!config.fact('dmaCoherentPool') || !config.option('DMA_COHERENT_POOL')) return [];
  const pools = [atomicPool(config, memory, 'kernel', atomic.kernel, atomic.pages)];
  if (!config.size('zonePools')) return pools;
  pools.push(atomicPool(config, memory, 'dma32', atomic.dma32, atomic.pages));
  if (config.size('dmaZonePages') > 0)
    pools.push(atomicPool(config, memory, 'dma', atomic.dma, atomic.pages));
  return pools;
}

function atomicPool(
  config: ConfigReader,
  memory: MemoryState,
  name: AtomicPool['name'],
  phys: number,
  pages: number,
): AtomicPool {
  const unencrypted = config.patch(5) ? cc_platform_has_mem_encrypt({ config }) : null;
  // Before 5 the pool is converted whatever the platform says.
  if (unencrypted !== false) share(config, memory, phys, pages);
  // The alias's protection is decrypted whatever the pool's state.
  const virt = config.fact('dmaDirectRemap')
    ? addAlias(memory.vmap, framesOf(phys, pages), true)
    : phys_to_virt(phys);
  const pool: GenPool = { chunks: [] };
  gen_pool_add_virt(pool, virt, phys, pages * PAGE_SIZE);
  return { name, pool, unencrypted };
}
