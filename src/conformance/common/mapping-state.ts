/**
 * A driver's buffer and its mapping, as the machines `map-request`, `streaming-mapping` and `bounce-copy` have them:
 * pure functions of the simulator's memory and frames.
 */
import { dma_capable, encodingOf, phys_to_dma } from '../../kernel/device.ts';
import { deviceViewAt } from '../../kernel/device-view.ts';
import { poolIsShared } from '../../kernel/dma/swiotlb-search.ts';
import { fieldsOf } from '../../kernel/dma/swiotlb-slots.ts';
import { DMA_MAPPING_ERROR, type IoTlbPool, type Kernel, PAGE_SIZE, type Task } from '../../kernel/index.ts';
import { sparseBytes } from '../../kernel/memory.ts';
import { busTarget, isMmio } from '../handed-out.ts';
import { findTask, inside, next } from './frames.ts';

const SLOT = 2048;

/** Whose buffer, and how much of it is mapped where it fits. */
export interface Mapped {
  readonly driver: 0 | 1;
  readonly bytes: number;
}

/** The pool that a device bounces through. */
export function devicePool(kernel: Kernel, device = 0): IoTlbPool | undefined {
  const { mems, devices, pools } = kernel.state;
  const mem = mems.find(({ addr }) => addr === devices[device]!.io_tlb_mem);
  return pools.find(({ addr }) => addr === mem?.defpool);
}

/** What an address says, as the specification calls it. */
export function addressKind(kernel: Kernel, dev: number, dma: number): string {
  if (dma === DMA_MAPPING_ERROR) return 'error';
  const { iommu, xen } = kernel.state.devices[dev]!;
  if (iommu) return 'iova';
  return (xen ? null : encodingOf(kernel, dma)) ?? 'unencoded';
}

// ---- the driver and its mapping ----

interface Mapping {
  readonly dir: string;
  readonly place: string;
  readonly says: string;
}
const NOTHING: Mapping = { dir: 'TO_DEVICE', place: 'none', says: 'error' };
const text = (state: string, { dir, place, says }: Mapping): string =>
  `${state} {dir=${dir}, place=${place}, says=${says}}`;

/** Of a mapping that has an address; `led`: where it led to as long as an IOMMU had entries for it. */
function placed(kernel: Kernel, driver: number, dma: number, dir: string, led = 0): Mapping {
  const { buffer, shared, device } = kernel.state.drivers[driver]!;
  const phys = led === 0 ? busTarget(kernel, device, dma).phys : led;
  const says = addressKind(kernel, device, dma);
  if (isMmio(kernel, phys)) return { dir, place: 'mmio', says };
  const ownBuffer = phys >= buffer && phys < buffer + kernel.config.size('bufferPages') * PAGE_SIZE;
  return { dir, place: ownBuffer ? (shared ? 'shared-ram' : 'ram') : 'pool', says };
}

/** What an address in the pool will say, and whether the device reaches it. */
export function inPool(
  kernel: Kernel,
  dev: number,
  bytes: number,
): { readonly far: boolean; readonly says: string } {
  const shared = poolIsShared(kernel, dev);
  const { iommu } = kernel.state.devices[dev]!;
  const dma = phys_to_dma(kernel, devicePool(kernel, dev)!.start, shared);
  const far = !iommu && !dma_capable(kernel, dev, dma, bytes, true, shared);
  return { far, says: far ? 'error' : addressKind(kernel, dev, dma) };
}

/** The instance of a `streaming-mapping`. */
export function mappingState({ driver, bytes }: Mapped) {
  return (kernel: Kernel): string => {
    const task = findTask(kernel, `driver/${driver}`)!;
    const { mapping, owner, device } = kernel.state.drivers[driver]!;
    const step = next(task);
    const map = inside(task, 'driver_map');
    if (map !== undefined) {
      const dir = map.dir as string;
      if (step === 'dma_map_phys_ret') {
        const dma = task.pending!.args.result as number;
        return dma === DMA_MAPPING_ERROR
          ? text('mapping.failed', NOTHING)
          : text('mapping.returning', placed(kernel, driver, dma, dir));
      }
      // The search was in vain, and the end of the walk is outstanding.
      if (hasMissed(task)) return text('mapping.failed', NOTHING);
      const { far, says } = inPool(kernel, device, bytes);
      const place = far ? 'far-pool' : 'pool';
      return text(`mapping.${mapStage(task)}`, { dir, place, says });
    }
    const unmap = inside(task, 'driver_unmap');
    if (unmap !== undefined) {
      const { dma, dir, led } = unmap as unknown as { dma: number; dir: string; led: number };
      const where = placed(kernel, driver, dma, dir, led);
      return text(`unmapping.${unmapStage(task, where)}`, where);
    }
    if (mapping === null) return text('unmapped', NOTHING);
    const where = placed(kernel, driver, mapping.dma, mapping.dir);
    const sync = inside(task, 'driver_sync');
    if (sync === undefined) return text(`mapped.${owner}`, where);
    const [copying, to] = sync.side === 'cpu' ? ['copyingOut', 'toCpu'] : ['copyingIn', 'toDevice'];
    const copies =
      where.place === 'pool' && where.dir !== (sync.side === 'cpu' ? 'TO_DEVICE' : 'FROM_DEVICE');
    const ahead = inside(task, 'swiotlb_find_pool') !== undefined && copies;
    return text(`syncing.${step === 'swiotlb_bounce' || ahead ? copying : to}`, where);
  };
}

/** The one area of the one pool was searched and had no room: the walk goes on to the end of the list. */
export function hasMissed(task: Task | undefined): boolean {
  return next(task) === 'list_next_rcu' && inside(task, 'swiotlb_search_area') !== undefined;
}

const MAPPING: Readonly<Record<string, string>> = {
  swiotlb_search_pool_area: 'searching',
  swiotlb_bounce: 'copyingIn',
  swiotlb_release_slots: 'refusing',
};

/** Where in a bounced map a task is; at a hidden step: what comes next. */
export function mapStage(task: Task): string {
  const known = MAPPING[next(task)];
  if (known !== undefined) return known;
  if (inside(task, 'swiotlb_find_pool') !== undefined) return 'refusing';
  return next(task) === 'WRITE_ONCE' ? 'copyingIn' : 'searching';
}

const UNMAPPING: Readonly<Record<string, string>> = {
  swiotlb_bounce: 'copyingOut',
  swiotlb_release_slots: 'releasing',
  dma_unmap_phys_ret: 'returning',
};

/** Where in an unmap a task is; at a hidden step, which is a look-up of the pool: what comes next. */
export function unmapStage(task: Task, { place, dir }: Pick<Mapping, 'place' | 'dir'>): string {
  const known = UNMAPPING[next(task)];
  if (known !== undefined) return known;
  if (place !== 'pool') return 'returning';
  const copies = inside(task, 'swiotlb_sync_single_for_cpu') !== undefined && dir !== 'TO_DEVICE';
  return copies ? 'copyingOut' : 'releasing';
}

/** The instance of a `map-request`. */
export const requestState = (task: string, fn: string) => (kernel: Kernel) =>
  inside(findTask(kernel, task), fn) === undefined ? 'idle' : 'asked';

// ---- the slot and what is in it ----

/** Memory that may have a slot, whose, and where the slot is that was just found for it and is not recorded yet. */
export interface Extent {
  readonly driver: 0 | 1;
  /** Offset in the driver's buffer, and length. */
  readonly start: number;
  readonly bytes: number;
}

/** Physical address of the slot that memory has; null: none. A slot that was just found is not recorded yet. */
export function slotOf(kernel: Kernel, { driver, start }: Pick<Extent, 'driver' | 'start'>): number | null {
  const pool = devicePool(kernel);
  if (pool === undefined) return null;
  const array = kernel.slotArray(pool.slots);
  const task = findTask(kernel, `driver/${driver}`);
  const phys = kernel.state.drivers[driver]!.buffer + start;
  const found = inside(task, 'swiotlb_find_slots');
  if (found !== undefined && next(task) === 'WRITE_ONCE') {
    const { orig_addr } = inside(task, 'swiotlb_tbl_map_single')!.req as { readonly orig_addr: number };
    if (orig_addr === phys) return pool.start + (found.index as number) * SLOT;
  }
  const { list, orig_addr } = fieldsOf(array);
  const index = orig_addr.findIndex((orig, i) => orig === phys && list[i] === 0);
  return index < 0 ? null : pool.start + index * SLOT;
}

/** A slot as its device sees it: what it wrote may not have come through the caches of the CPU yet. */
function inDeviceView(kernel: Kernel, slot: number, bytes: number): readonly (readonly [number, number])[] {
  const view = deviceViewAt(kernel, slot);
  if (view === null) return sparseBytes(kernel.state.memory, slot, bytes);
  const first = slot - view.phys;
  return view.bytes
    .filter(([offset]) => offset >= first && offset < first + bytes)
    .map(([offset, value]) => [offset - first, value]);
}

/**
 * The instance of a `bounce-copy`. Where the newest bytes are: told by what is in buffer and slot, and, where they
 * differ, by who wrote last.
 */
export function copyState(extent: Extent) {
  return (kernel: Kernel): string => {
    const slot = slotOf(kernel, extent);
    if (slot === null) return 'inBuffer';
    const { driver, start, bytes } = extent;
    const { buffer, deviceWrites } = kernel.state.drivers[driver]!;
    const wrote = deviceWrites.some((write) => write.start < start + bytes && write.end > start);
    const a = sparseBytes(kernel.state.memory, buffer + start, bytes);
    const b = wrote ? inDeviceView(kernel, slot, bytes) : sparseBytes(kernel.state.memory, slot, bytes);
    const same = a.length === b.length && a.every(([o, v], i) => o === b[i]![0] && v === b[i]![1]);
    if (same) return 'both';
    if (!wrote) return 'bufferOnly';
    const attrs = (inside(findTask(kernel, `driver/${driver}`), 'driver_unmap')?.attrs ?? '') as string;
    // The driver has said that it needs no copy.
    return attrs.includes('SKIP_CPU_SYNC') ? 'both' : 'slotOnly';
  };
}
