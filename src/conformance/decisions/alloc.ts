/**
 * The answer of the simulator to a row of the decision tables of allocations: a kernel of that platform with these
 * options is asked by a driver, the world answers well, and what came of it is read off its memory and its steps.
 * Nothing of the specification is used.
 */
import { inCma } from '../../kernel/cma.ts';
import {
  BUFFER_BYTES,
  dma_to_phys,
  encodingOf,
  force_dma_unencrypted,
  HOST_SHARED,
  type Kernel,
  type KernelConfig,
  kernelMaker,
  pageIndex,
  type TraceRecord,
} from '../../kernel/index.ts';
import { type Given, gotOf } from '../allocation/memory.ts';

/** What is asked for. */
export interface AllocRequest {
  readonly op: 'alloc' | 'alloc-pages';
  /** Names without DMA_ATTR_ joined by `|`, or `none`. */
  readonly attrs: string;
  readonly context: 'process' | 'atomic';
}

/** What the kernel did, in the words of the tables. */
export interface AllocOutcome {
  readonly source: string;
  readonly converted: string;
  readonly address: string;
  readonly reason?: string;
}

/**
 * A machine with room in all pools, and memory in every zone that a request can be sent to. Where addresses are made
 * uncached it is a 32-bit one, with the CMA area in high memory.
 */
export function roomyMachine(config: KernelConfig): KernelConfig {
  const { coherent, uncached } = config.options;
  const roomy = {
    defaultPoolFull: false,
    cmaPages: 128,
    cmaHighmem: coherent === false && uncached === 'uncached',
    dmaZonePages: 128,
    restrictedSlabs: 256,
  };
  return { ...config, sizes: { ...roomy, ...config.sizes } };
}

const MOST_STEPS = 200;

/** What kernels of one configuration answer: a fresh one is asked for each request. */
export function allocDecider(config: KernelConfig): (request: AllocRequest) => AllocOutcome {
  const make = kernelMaker(roomyMachine(config));
  return (request) => allocOutcome(make(), request);
}

/** Lets driver 0 of a fresh kernel make the request, every answer ok. */
function allocOutcome(k: Kernel, request: AllocRequest): AllocOutcome {
  const { op, attrs, context } = request;
  k.stimulate('alloc', {
    driver: 0,
    fn: op === 'alloc' ? 'dma_alloc_attrs' : 'dma_alloc_pages',
    context,
    bytes: BUFFER_BYTES,
    attrs: attrs === 'none' ? '' : attrs,
  });
  const records: TraceRecord[] = [];
  for (let n = 0; n < MOST_STEPS; n++) {
    const { pending } = k.task('driver/0');
    if (pending === null) break;
    const answers = k.answers(pending);
    records.push(...k.resume('driver/0', answers?.[0]));
  }
  const given = k.state.drivers[0]!.allocations[0];
  if (given === undefined)
    return { source: 'refused', converted: 'no', address: 'none', reason: reasonOf(k, request, records) };
  return {
    source: sourceOf(k, given, records),
    converted: wasConverted(k, given, records) ? 'to-shared' : 'no',
    address: addressOf(k, given),
  };
}

const FROM: Readonly<Record<string, string>> = {
  arch: "the architecture's own allocator",
  global: 'global coherent pool',
  pool: 'atomic pool',
  slots: 'restricted pool',
  'slots-alias': 'restricted pool, remapped',
  scattered: 'scattered pages, remapped',
  garbage: 'no page at all: what is returned is no memory of its own',
};
const HOW: Readonly<Record<string, string>> = {
  linear: '',
  cookie: ', no kernel mapping',
  alias: ', remapped',
  uncached: ', uncached',
};

/** Where the memory lies: CMA was asked, with success, and the page allocator would have been asked next. */
function sourceOf(k: Kernel, given: Given, records: readonly TraceRecord[]): string {
  const got = gotOf(k, given);
  const from = FROM[got];
  if (from !== undefined) return from;
  const taken = records.find(({ step }) => step === 'cma_alloc' || step === 'alloc_pages');
  const cma = taken !== undefined && inCma(k.state.cma, taken.result as number);
  return `${cma ? 'CMA, else page allocator' : 'page allocator'}${HOW[got]}`;
}

/** A conversion was called for this request, and the host sees the page that it was about. */
function wasConverted(k: Kernel, { page, dma }: Given, records: readonly TraceRecord[]): boolean {
  if (!records.some(({ step, args }) => step === 'set_memory_decrypted_ret' && args.ret === 0)) return false;
  const { codes } = k.state.memory;
  const index = pageIndex(k.state.memory, page === 0 ? dma_to_phys(k, dma) : page);
  return (codes[index]! & HOST_SHARED) !== 0;
}

/** Without a bit in the address it means the state that the kernel believes the device to reach. */
function addressOf(k: Kernel, { dma }: Given): string {
  if (k.state.iommu.some(({ iova }) => iova === dma)) return 'iova';
  return encodingOf(k, dma) ?? (force_dma_unencrypted(k, 0) ? 'shared' : 'private');
}

const WARNINGS: Readonly<Record<string, string>> = {
  'coherent DMA allocations not supported on this platform':
    'There is no uncached memory for a device that is not coherent.',
  'no atomic pools (CONFIG_DMA_COHERENT_POOL)': 'It must not sleep, and there are no atomic pools.',
  'Failed to get suitable pool': 'The memory of the atomic pools has the other state.',
};

const GIVES_BACK = ['swiotlb_release_slots', 'cma_release', '__free_pages'];

/** Why it was refused, from what the kernel did before it returned nothing. */
function reasonOf(k: Kernel, { attrs }: AllocRequest, records: readonly TraceRecord[]): string {
  for (const { step, args } of records) {
    const reason = step === 'WARN' ? WARNINGS[args.what as string] : undefined;
    if (reason !== undefined) return reason;
  }
  // Memory that was there was not good enough: given back, or put back by the pool itself.
  const tried = records.some(
    ({ step, result }) => GIVES_BACK.includes(step) || (step === 'gen_pool_alloc' && result === 0),
  );
  if (tried) return 'The device cannot address it.';
  const steps = records.map(({ step }) => step).filter((step) => !step.endsWith('_ret'));
  if (steps.length > 0) return `nobody knows, after ${steps.join(', ')}`;
  // Without a step: what the caller said was refused, or the state of the restricted pool.
  if (k.config.patch(4) && attrs.includes('CC_SHARED')) return 'CC_SHARED is no attribute for a caller.';
  const mem = k.state.mems.find(({ addr }) => addr === k.state.devices[0]!.io_tlb_mem)!;
  if (!mem.for_alloc) return 'nobody knows';
  const other = k.config.patch(7) && mem.unencrypted !== force_dma_unencrypted(k, 0);
  return other ? 'The memory of the restricted pool has the other state.' : NO_AREA;
}

/** Under `swiotlb=noforce` nobody says how many areas are to be searched (`default_nareas`), with SWIOTLB_DYNAMIC. */
export const NO_AREA = 'No area of the restricted pool is searched.';
