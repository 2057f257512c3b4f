/** The state of `streaming` that the simulator is in, instance by instance: a pure function of its memory and frames. */
import { dma_capable, encodingOf, phys_to_dma } from '../../kernel/device.ts';
import { poolIsShared } from '../../kernel/dma/swiotlb-search.ts';
import { fieldsOf } from '../../kernel/dma/swiotlb-slots.ts';
import { DMA_MAPPING_ERROR, type Frame, type IoTlbPool, type Kernel, type Task } from '../../kernel/index.ts';
import { sparseBytes } from '../../kernel/memory.ts';
import { findTask, inside, next } from '../common/frames.ts';
import { busTarget, isMmio } from '../handed-out.ts';

/** Bytes of what is mapped: a buffer or an element of a list that fits, and one that no pool takes. */
export const FITS = 8192;
export const ELEMENT = 4096;
export const LARGE_PAGES = 66;
const LARGEST = 256 * 1024;
const SLOT = 2048;

export type Buffer = 'M' | 'S0' | 'S1';

/** Where a buffer is, whose, and how long. */
function extent(kernel: Kernel, map: Buffer): { readonly phys: number; readonly bytes: number; by: 0 | 1 } {
  const [driver, other] = kernel.state.drivers;
  if (map === 'M') return { phys: driver!.buffer, bytes: FITS, by: 0 };
  return { phys: other!.buffer + (map === 'S0' ? 0 : ELEMENT), bytes: ELEMENT, by: 1 };
}

/** The pool that the devices bounce through. */
export function devicePool(kernel: Kernel): IoTlbPool | undefined {
  const mem = kernel.state.mems.find(({ addr }) => addr === kernel.state.devices[0]!.io_tlb_mem);
  return kernel.state.pools.find(({ addr }) => addr === mem?.defpool);
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

/** Of a mapping that has an address. */
function placed(kernel: Kernel, dma: number, dir: string): Mapping {
  const { buffer, shared, device } = kernel.state.drivers[0]!;
  const { phys } = busTarget(kernel, device, dma);
  const says = addressKind(kernel, device, dma);
  if (isMmio(kernel, phys)) return { dir, place: 'mmio', says };
  const ownBuffer = phys >= buffer && phys < buffer + LARGE_PAGES * 4096;
  return { dir, place: ownBuffer ? (shared ? 'shared-ram' : 'ram') : 'pool', says };
}

/** What an address in the pool will say, and whether the device reaches it. */
function inPool(kernel: Kernel, dev: number): { readonly far: boolean; readonly says: string } {
  const shared = poolIsShared(kernel, dev);
  const { iommu } = kernel.state.devices[dev]!;
  const dma = phys_to_dma(kernel, devicePool(kernel)!.start, shared);
  const far = !iommu && !dma_capable(kernel, dev, dma, FITS, true, shared);
  return { far, says: far ? 'error' : addressKind(kernel, dev, dma) };
}

function driver(kernel: Kernel): string {
  const task = findTask(kernel, 'driver/0')!;
  const { mapping, owner, device } = kernel.state.drivers[0]!;
  const step = next(task);
  const map = inside(task, 'driver_map');
  if (map !== undefined) {
    const dir = map.dir as string;
    if (step === 'dma_map_phys_ret') {
      const dma = task.pending!.args.result as number;
      return dma === DMA_MAPPING_ERROR
        ? text('mapping.failed', NOTHING)
        : text('mapping.returning', placed(kernel, dma, dir));
    }
    const { far, says } = inPool(kernel, device);
    return text(`mapping.${MAPPING[step] ?? aheadOfMap(task)}`, {
      dir,
      place: far ? 'far-pool' : 'pool',
      says,
    });
  }
  const unmap = inside(task, 'driver_unmap');
  if (unmap !== undefined) {
    const where = placed(kernel, unmap.dma as number, unmap.dir as string);
    return text(`unmapping.${UNMAPPING[step] ?? aheadOfUnmap(task, where)}`, where);
  }
  if (mapping === null) return text('unmapped', NOTHING);
  const where = placed(kernel, mapping.dma, mapping.dir);
  const sync = inside(task, 'driver_sync');
  if (sync === undefined) return text(`mapped.${owner}`, where);
  const [copying, to] = sync.side === 'cpu' ? ['copyingOut', 'toCpu'] : ['copyingIn', 'toDevice'];
  const copies = where.place === 'pool' && where.dir !== (sync.side === 'cpu' ? 'TO_DEVICE' : 'FROM_DEVICE');
  const ahead = inside(task, 'swiotlb_find_pool') !== undefined && copies;
  return text(`syncing.${step === 'swiotlb_bounce' || ahead ? copying : to}`, where);
}

const MAPPING: Readonly<Record<string, string>> = {
  swiotlb_search_pool_area: 'searching',
  swiotlb_bounce: 'copyingIn',
  swiotlb_release_slots: 'refusing',
};
/** At a hidden step of a map: what comes next. */
function aheadOfMap(task: Task): string {
  if (inside(task, 'swiotlb_find_pool') !== undefined) return 'refusing';
  return next(task) === 'WRITE_ONCE' ? 'copyingIn' : 'searching';
}

/** At a hidden step of an unmap, which is a look-up of the pool. */
function aheadOfUnmap(task: Task, { place, dir }: Pick<Mapping, 'place' | 'dir'>): string {
  if (place !== 'pool') return 'returning';
  const copies = inside(task, 'swiotlb_sync_single_for_cpu') !== undefined && dir !== 'TO_DEVICE';
  return copies ? 'copyingOut' : 'releasing';
}

const UNMAPPING: Readonly<Record<string, string>> = {
  swiotlb_bounce: 'copyingOut',
  swiotlb_release_slots: 'releasing',
  dma_unmap_phys_ret: 'returning',
};

// ---- the other and its list ----

/** The element of the list that is being mapped, given back, or unmapped. */
export function elementOf(frames: { map: Frame | undefined; unmap: Frame | undefined }, step: string): 0 | 1 {
  if (frames.unmap !== undefined) return frames.unmap.n as 0 | 1;
  // Only the first is ever given back, when the second, or the reach of its own slot, fails.
  if (step === 'swiotlb_release_slots') return 0;
  return (frames.map!.done as readonly unknown[]).length as 0 | 1;
}

function other(kernel: Kernel): string {
  const task = findTask(kernel, 'driver/1')!;
  const { list, device } = kernel.state.drivers[1]!;
  const step = next(task);
  const state = (name: string, bounced: boolean, second: boolean) =>
    `${name} {bounced=${bounced}, second=${second}}`;
  const bounces = (segments: readonly { readonly dma: number }[]) =>
    segments.length > 0 && isInPool(kernel, busTarget(kernel, device, segments[0]!.dma).phys);
  const map = inside(task, 'dma_map_sg_attrs');
  if (map !== undefined) {
    const done = map.done as readonly { readonly dma: number }[];
    if (step === 'dma_map_sg_attrs_ret')
      return map.failed === true
        ? state('mapping.failed', false, false)
        : state('mapping.returning', bounces(done), true);
    const fits =
      (map.entries as readonly { readonly bytes: number }[])[1]!.bytes <= LARGEST &&
      !inPool(kernel, device).far;
    const [at, into] = done.length === 0 ? ['first', 'firstIn'] : ['second', 'secondIn'];
    const name = {
      searching: at,
      copyingIn: into,
      refusing: 'undoing',
    }[MAPPING[step] ?? aheadOfMap(task)];
    return state(`mapping.${name}`, true, fits);
  }
  const unmap = inside(task, 'dma_unmap_sg_attrs');
  if (unmap !== undefined) {
    const bounced = bounces(unmap.segments as readonly { readonly dma: number }[]);
    const element = unmap.n === 0 ? 'first' : 'second';
    if (step === 'dma_unmap_sg_attrs_ret' || !bounced) return state('unmapping.returning', bounced, true);
    const at = UNMAPPING[step] ?? aheadOfUnmap(task, { place: 'pool', dir: 'BIDIRECTIONAL' });
    return state(`unmapping.${element}${at === 'copyingOut' ? 'Out' : 'Releasing'}`, bounced, true);
  }
  return list === null ? state('unmapped', false, false) : state('mapped', bounces(list.segments), true);
}

function isInPool(kernel: Kernel, phys: number): boolean {
  return kernel.state.pools.some(({ start, end }) => phys >= start && phys < end);
}

// ---- slots and what is in them ----

/** Physical address of a buffer's slot; null: it has none. */
function slotOf(kernel: Kernel, map: Buffer): number | null {
  const pool = devicePool(kernel);
  if (pool === undefined) return null;
  const array = kernel.slotArray(pool.slots);
  const { phys, by } = extent(kernel, map);
  // Found, and not yet recorded.
  const task = findTask(kernel, `driver/${by}`);
  const found = inside(task, 'swiotlb_find_slots');
  const sg = inside(task, 'dma_map_sg_attrs');
  const isMine = by === 0 || map === `S${(sg?.done as readonly unknown[] | undefined)?.length}`;
  if (found !== undefined && next(task) === 'WRITE_ONCE' && isMine)
    return pool.start + (found.index as number) * SLOT;
  const { list, orig_addr } = fieldsOf(array);
  const index = orig_addr.findIndex((orig, i) => orig === phys && list[i] === 0);
  return index < 0 ? null : pool.start + index * SLOT;
}

const BUFFERS: readonly Buffer[] = ['M', 'S0', 'S1'];

/** Slots in use, as mappings have recorded them; the area's own count must be the same. */
function area(kernel: Kernel): string {
  const held = BUFFERS.filter((map) => slotOf(kernel, map) !== null);
  const slots = held.reduce((sum, map) => sum + extent(kernel, map).bytes / SLOT, 0);
  const used = devicePool(kernel)!.areas.reduce((sum, one) => sum + one.used, 0);
  if (used !== slots) return `${used} slots are used, and ${slots} belong to mappings`;
  return ['none', 'one', 'two', 'three'][held.length]!;
}

/** Where the newest bytes are: told by what is in buffer and slot, and, where they differ, by who wrote last. */
function copy(map: Buffer) {
  return (kernel: Kernel): string => {
    const slot = slotOf(kernel, map);
    if (slot === null) return 'inBuffer';
    const { phys, bytes, by } = extent(kernel, map);
    const [a, b] = [phys, slot].map((at) => sparseBytes(kernel.state.memory, at, bytes));
    const same = a!.length === b!.length && a!.every(([o, v], i) => o === b![i]![0] && v === b![i]![1]);
    if (same) return 'both';
    const start = map === 'S1' ? ELEMENT : 0;
    const { deviceWrites } = kernel.state.drivers[by]!;
    if (!deviceWrites.some((write) => write.start < start + bytes && write.end > start)) return 'bufferOnly';
    const attrs = (inside(findTask(kernel, `driver/${by}`), 'driver_unmap')?.attrs ?? '') as string;
    // The driver has said that it needs no copy.
    return attrs.includes('SKIP_CPU_SYNC') ? 'both' : 'slotOnly';
  };
}

const request = (task: string, fn: string) => (kernel: Kernel) =>
  inside(findTask(kernel, task), fn) === undefined ? 'idle' : 'asked';

export const projection: Readonly<Record<string, (kernel: Kernel) => string>> = {
  'request[driver]': request('driver/0', 'driver_map'),
  'request[other]': request('driver/1', 'driver_map_sg'),
  driver,
  other,
  'copy[M]': copy('M'),
  'copy[S0]': copy('S0'),
  'copy[S1]': copy('S1'),
  area,
};
