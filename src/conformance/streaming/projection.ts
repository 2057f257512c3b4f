/** The state of `streaming` that the simulator is in, instance by instance: a pure function of its memory and frames. */
import type { Frame, Kernel } from '../../kernel/index.ts';
import { findTask, inside, next } from '../common/frames.ts';
import {
  copyState,
  devicePool,
  type Extent,
  inPool,
  mappingState,
  mapStage,
  requestState,
  slotOf,
  unmapStage,
} from '../common/mapping-state.ts';
import { busTarget } from '../handed-out.ts';

/** Bytes of what is mapped: a buffer or an element of a list that fits, and one that no pool takes. */
export const FITS = 8192;
export const ELEMENT = 4096;
export const LARGE_PAGES = 66;
const LARGEST = 256 * 1024;
const SLOT = 2048;

const BUFFERS = {
  M: { driver: 0, start: 0, bytes: FITS },
  S0: { driver: 1, start: 0, bytes: ELEMENT },
  S1: { driver: 1, start: ELEMENT, bytes: ELEMENT },
} as const satisfies Record<string, Extent>;

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
  const bounces = (segments: readonly { readonly dma: number }[], led = 0) =>
    segments.length > 0 &&
    isInPool(kernel, led === 0 ? busTarget(kernel, device, segments[0]!.dma).phys : led);
  const map = inside(task, 'dma_map_sg_attrs');
  if (map !== undefined) {
    const done = map.done as readonly { readonly dma: number }[];
    if (step === 'dma_map_sg_attrs_ret')
      return map.failed === true
        ? state('mapping.failed', false, false)
        : state('mapping.returning', bounces(done), true);
    const fits =
      (map.entries as readonly { readonly bytes: number }[])[1]!.bytes <= LARGEST &&
      !inPool(kernel, device, FITS).far;
    const [at, into] = done.length === 0 ? ['first', 'firstIn'] : ['second', 'secondIn'];
    const name = { searching: at, copyingIn: into, refusing: 'undoing' }[mapStage(task)];
    return state(`mapping.${name}`, true, fits);
  }
  const unmap = inside(task, 'dma_unmap_sg_attrs');
  if (unmap !== undefined) {
    const { led } = inside(task, 'driver_unmap_sg') as unknown as { led: number };
    const bounced = bounces(unmap.segments as readonly { readonly dma: number }[], led);
    const element = unmap.n === 0 ? 'first' : 'second';
    if (step === 'dma_unmap_sg_attrs_ret' || !bounced) return state('unmapping.returning', bounced, true);
    const at = unmapStage(task, { place: 'pool', dir: 'BIDIRECTIONAL' });
    return state(`unmapping.${element}${at === 'copyingOut' ? 'Out' : 'Releasing'}`, bounced, true);
  }
  return list === null ? state('unmapped', false, false) : state('mapped', bounces(list.segments), true);
}

function isInPool(kernel: Kernel, phys: number): boolean {
  return kernel.state.pools.some(({ start, end }) => phys >= start && phys < end);
}

/** Slots in use, as mappings have recorded them; the area's own count must be the same. */
function area(kernel: Kernel): string {
  const held = Object.values(BUFFERS).filter((extent) => slotOf(kernel, extent) !== null);
  const slots = held.reduce((sum, { bytes }) => sum + bytes / SLOT, 0);
  const used = devicePool(kernel)!.areas.reduce((sum, one) => sum + one.used, 0);
  if (used !== slots) return `${used} slots are used, and ${slots} belong to mappings`;
  return ['none', 'one', 'two', 'three'][held.length]!;
}

export const projection: Readonly<Record<string, (kernel: Kernel) => string>> = {
  'request[driver]': requestState('driver/0', 'driver_map'),
  'request[other]': requestState('driver/1', 'driver_map_sg'),
  driver: mappingState({ driver: 0, bytes: FITS }),
  other,
  'copy[M]': copyState(BUFFERS.M),
  'copy[S0]': copyState(BUFFERS.S0),
  'copy[S1]': copyState(BUFFERS.S1),
  area,
};
