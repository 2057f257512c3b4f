/**
 * The 20 patches of "dma-mapping: Use DMA_ATTR_CC_SHARED through direct, pool and swiotlb paths", version 5, as
 * data. Which of them act in a system is for that system to say.
 */
export interface Patch {
  readonly number: number;
  /** What it is about, in our words. */
  readonly title: string;
  /** Whether the series still makes sense when this patch alone is taken out. */
  readonly standsAlone: boolean;
  /** Where it changes nothing as the next patch of a prefix, with default options: why that is so. */
  readonly whenEmpty?: string;
}

const patch = (number: number, title: string, standsAlone: boolean, whenEmpty?: string): Patch => ({
  number,
  title,
  standsAlone,
  ...(whenEmpty === undefined ? {} : { whenEmpty }),
});

export const PATCHES: readonly Patch[] = [
  patch(1, 'pKVM guests answer as a confidential-computing platform', true),
  patch(
    2,
    's390 protected guests answer cc_platform_has(MEM_ENCRYPT)',
    true,
    'nobody asks before patch 7 makes the pools ask; without it 7 leaves the pool private (see without 2)',
  ),
  patch(3, 'restricted-pool slots are taken and given back outside __dma_direct_alloc_pages', true),
  patch(4, 'DMA_ATTR_CC_SHARED in the allocation and free paths', false),
  patch(5, 'atomic pools know whether they are unencrypted', false),
  patch(
    6,
    'attributes by reference into swiotlb_tbl_map_single',
    false,
    "no change is claimed: a copy is passed before it and the caller's own after it, and until patch 7 nobody writes to either",
  ),
  patch(7, 'swiotlb pools know whether they are unencrypted', false),
  patch(
    8,
    'dma_pgprot honours DMA_ATTR_CC_SHARED',
    true,
    'for dma-direct its callers added by hand what it now does itself; it acts behind an IOMMU (iommu=on)',
  ),
  patch(9, 'dma_capable gets the attributes', false),
  patch(10, 'dma_direct_map_phys honours DMA_ATTR_CC_SHARED; forced bouncing goes', false),
  patch(
    11,
    'remapped allocations are decrypted',
    true,
    'it acts for a device that is not coherent (coherence=non-coherent); by default all devices are',
  ),
  patch(12, 'address encoding follows the attribute', false),
  patch(13, 'pages are freed when an atomic pool cannot be expanded', true),
  patch(14, 'a rename', true, 'no change is claimed, and the simulated kernel has no switch for it'),
  patch(15, 'dma_direct_alloc_from_pool returns the page', true),
  patch(
    16,
    'iommu/dma checks the page that the pool returned',
    true,
    'it acts behind an IOMMU, for a device that is not coherent (iommu=on, coherence=non-coherent)',
  ),
  patch(17, 'dynamic swiotlb pools are freed from process context', true),
  patch(18, 'conversion failures of pools are handled', true),
  patch(19, 'atomic-pool pages are freed by physical address', true),
  patch(20, 'a swiotlb pool keeps the address it was allocated at', true),
];

/** A git history: which patches are applied. */
export interface Series {
  /** `v5`, `baseline`, `prefix:K` or `without:N`, in canonical form. */
  readonly name: string;
  readonly patches: ReadonlySet<number>;
}

const LAST = PATCHES.length;
const upTo = (k: number) => new Set(PATCHES.slice(0, k).map(({ number }) => number));

export const V5: Series = { name: 'v5', patches: upTo(LAST) };
export const BASELINE: Series = { name: 'baseline', patches: upTo(0) };
export const SERIES_FORMS = ['v5', 'baseline', 'prefix:K', 'without:N'] as const;

/** The patches that can be taken out of the whole series one at a time. */
export const ALONE: readonly number[] = PATCHES.filter(({ standsAlone }) => standsAlone).map(
  ({ number }) => number,
);

/**
 * Reads the name of a series. `prefix:0` is the baseline, `prefix:20` is v5, and both are reported under those
 * names.
 * @returns the series, or a sentence that says what is wrong with the name
 */
export function parseSeries(text: string): Series | string {
  if (text === 'v5') return V5;
  if (text === 'baseline') return BASELINE;
  const match = /^(prefix|without):(.*)$/.exec(text);
  if (match === null) return `no series '${text}'`;
  const [, form, digits] = match as unknown as [string, 'prefix' | 'without', string];
  const number = /^\d+$/.test(digits) ? Number(digits) : Number.NaN;
  if (form === 'prefix') {
    if (!(number >= 0 && number <= LAST)) return `'${digits}' is no prefix of the series: K is 0 to ${LAST}`;
    if (number === 0) return BASELINE;
    if (number === LAST) return V5;
    return { name: `prefix:${number}`, patches: upTo(number) };
  }
  if (!(number >= 1 && number <= LAST)) return `'${digits}' is no patch of the series: N is 1 to ${LAST}`;
  if (!ALONE.includes(number)) {
    return `the series makes no sense without patch ${number} alone; N is one of ${ALONE.join(', ')}`;
  }
  const patches = upTo(LAST);
  patches.delete(number);
  return { name: `without:${number}`, patches };
}
