/**
 * What a simulated kernel does with one mapping of the decision table: the request made concrete, run with every
 * answer ok, and where it then lies. For the table of the specification to be held against, row by row.
 */
import type { MapRequest } from '../decide/map-table.ts';
import type { Outcome } from '../decide/row.ts';
import type { Kernel, KernelConfig, KernelSizes, TraceRecord } from '../kernel/index.ts';
import { busTarget, isMmio } from './handed-out.ts';

/** Where a mapping lies, by the table's words; `dma` is the number that the driver gets, `phys` what it names. */
export interface Mapped {
  readonly source: Outcome['source'];
  readonly converted: Outcome['converted'];
  readonly phys: number;
  readonly dma: number;
}

const PAGE = 4096;
/** The largest mapping of a pool is 256 KiB. */
const TOO_LARGE_PAGES = 66;
/** Unaligned to an IOMMU's granule and, where it is small, to what kmalloc gives lines of the cache of its own. */
const UNALIGNED = 65;

/** The simulated machine in which a request of these classes is made: buffers, ports and pools. */
export function sizesFor({ size, memory, port, pool }: MapRequest): Partial<KernelSizes> {
  return {
    bufferPages: size === 'fits' ? 2 : TOO_LARGE_PAGES,
    highBuffers: memory === 'high',
    externalPort: port === 'external',
    defaultPoolFull: pool === 'full',
    restrictedPoolFull: pool === 'full',
    // Memory that a 32-bit device does not reach: every architecture asks for a pool then.
    normalZonePages: 128,
    highPool: true,
    defaultAreas: 1,
    ordinaryPages: 128,
    atomicPoolBuffers: 2,
  };
}

/** Bytes of a request: `fits` or more than a pool takes, ending within a granule or not. */
function bytesOf({ size, buffer }: MapRequest): number {
  if (size === 'fits') return buffer === 'aligned' ? 2 * PAGE : UNALIGNED;
  return TOO_LARGE_PAGES * PAGE - (buffer === 'aligned' ? 0 : PAGE - UNALIGNED);
}

/** Runs the request; null: it is refused. */
export function mapInKernel(k: Kernel, request: MapRequest, context: 'process' | 'atomic'): Mapped | null {
  k.stimulate('map', {
    driver: 0,
    context,
    boundary: 'wide',
    bytes: bytesOf(request),
    attrs: request.attrs === 'none' ? '' : request.attrs,
    dir: 'FROM_DEVICE',
  });
  const records: TraceRecord[] = [];
  for (let task = k.task('driver/0'); task.pending !== null; task = k.task('driver/0'))
    records.push(...k.resume(task.name, task.pending.choice === null ? undefined : 'ok'));
  const { mapping, buffer } = k.state.drivers[0]!;
  if (mapping === null) return null;
  const { phys } = busTarget(k, 0, mapping.dma);
  const converts = k.config.fact('conversion') !== 'none';
  return {
    source: sourceOf(k, phys, buffer, records),
    converted: converts && records.some(({ step }) => step === 'set_memory_decrypted') ? 'to-shared' : 'no',
    phys,
    dma: mapping.dma,
  };
}

function sourceOf(k: Kernel, phys: number, buffer: number, records: readonly TraceRecord[]): string {
  if (phys >= buffer && phys < buffer + k.config.size('bufferPages') * PAGE) return 'direct';
  if (isMmio(k, phys)) return 'MMIO';
  const pool = k.state.pools.find(({ start, end }) => phys >= start && phys < end);
  if (pool === undefined) return `no pool (${phys.toString(16)})`;
  const mem = k.state.mems.find(({ defpool }) => defpool === pool.addr);
  if (mem !== undefined) return mem.for_alloc ? 'restricted pool' : 'default pool';
  if (!pool.transient) return 'dynamic pool';
  const atomic = records.some(({ step }) => step === 'gen_pool_alloc');
  return `transient pool from the ${atomic ? 'atomic pool' : 'page allocator'}`;
}

/** The number that says what the table says of the address, for memory at `phys`; null: an IOMMU chooses it. */
export function addressFor(
  { addressBit }: Pick<KernelConfig['platform'], 'addressBit'>,
  says: Outcome['address'],
  phys: number,
): number | null {
  if (says === 'iova') return null;
  if (addressBit === null || says === 'raw' || says === 'xen') return phys;
  return says === addressBit.meaning ? phys + 2 ** addressBit.bit : phys;
}

/** How the kernel differs from the table's answer; null: it does what the table says. */
export function differsFrom(
  { source, converted, address, reason }: Outcome,
  got: Mapped | null,
  platform: KernelConfig['platform'],
): string | null {
  if (source === 'refused') return got === null ? null : `${got.source}, not refused (${String(reason)})`;
  const wanted = converted === 'no' ? source : `${source}, converted`;
  if (got === null) return `refused, not ${wanted}`;
  const had = got.converted === 'no' ? got.source : `${got.source}, converted`;
  if (had !== wanted) return `${had}, not ${wanted}`;
  const number = addressFor(platform, address, got.phys);
  return number === null || number === got.dma ? null : `${got.dma.toString(16)}, not ${address}`;
}
