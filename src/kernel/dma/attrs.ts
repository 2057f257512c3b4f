/**
 * Attributes of a request (`DMA_ATTR_*`), as plain data: names without the prefix, sorted, joined by `|`.
 */

/** Names of the attributes that matter here. */
export const DMA_ATTRS = [
  'CC_SHARED',
  'FORCE_CONTIGUOUS',
  'MMIO',
  'NO_KERNEL_MAPPING',
  'REQUIRE_COHERENT',
  'SKIP_CPU_SYNC',
] as const;

/** Name of an attribute. */
export type DmaAttr = (typeof DMA_ATTRS)[number];

/** `attrs & DMA_ATTR_name`. */
export function hasAttr(attrs: string, name: DmaAttr): boolean {
  return attrs.split('|').includes(name);
}

/** `attrs | DMA_ATTR_name`. */
export function withAttr(attrs: string, name: DmaAttr): string {
  if (hasAttr(attrs, name)) return attrs;
  return attrs === '' ? name : [...attrs.split('|'), name].sort().join('|');
}

/** `attrs & ~DMA_ATTR_name`. */
export function withoutAttr(attrs: string, name: DmaAttr): string {
  return attrs
    .split('|')
    .filter((a) => a !== name)
    .join('|');
}
