/** What a device that does not snoop the CPU's caches sees and writes; see `dma/arch-sync.ts`. */
import type { Kernel } from './kernel.ts';
import type { DeviceView } from './state.ts';

/** The device's view that holds an address; null: there is one view only. */
export function deviceViewAt(k: Kernel, phys: number): DeviceView | null {
  return k.state.deviceViews.find((v) => phys >= v.phys && phys < v.phys + v.size) ?? null;
}

/** A byte as a non-coherent device sees it. */
export function viewByte(view: DeviceView, phys: number): number {
  return view.bytes.find(([offset]) => offset === phys - view.phys)?.[1] ?? 0;
}

/** A non-coherent device writes a byte. */
export function writeViewByte(view: DeviceView, phys: number, value: number): void {
  const at = phys - view.phys;
  const others = view.bytes.filter(([offset]) => offset !== at);
  view.bytes = value === 0 ? others : [...others, [at, value] as const].sort(([a], [b]) => a - b);
}
