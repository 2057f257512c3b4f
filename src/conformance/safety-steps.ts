/** The properties of steps: what just happened should not have. */
import { expectedBytes } from '../kernel/driver-data.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { cpuFault, PAGE_SIZE, pageIndex, phys_to_virt, readByte } from '../kernel/memory.ts';
import type { TraceRecord } from '../kernel/task.ts';
import { busTarget, cannotReach, mapped } from './handed-out.ts';
import { atomicClaims, type Claim, overlap, publishedPools, type Range } from './ownership.ts';
import type { SafetyName, Violation } from './safety-names.ts';
import { hex } from './safety-names.ts';
import { wrongPage } from './safety-state.ts';

type SayStep = (property: SafetyName, because: string) => void;

/** Properties that the step itself makes false. */
export function stepViolations(k: Kernel, r: TraceRecord): Omit<Violation, 'site'>[] {
  const out: Omit<Violation, 'site'>[] = [];
  if (k.state.ended !== null) return out;
  const say: SayStep = (property, because) => {
    out.push({ property, because });
  };
  if (r.mightSleep === 'forbidden') say('no-sleep-in-atomic', `${r.step} in ${r.context} context`);
  for (const f of r.faults ?? []) {
    const because = `${r.step}: ${f.because} (${hex(f.addr)})`;
    if (f.kind === 'use-after-free') say('no-use-after-free', because);
    // What is handed out and is no page is no memory that anything could arrive in.
    else if (f.kind === 'bad-page' && ALLOCATED.has(r.step)) say('data-arrives', because);
    else if (f.kind === 'bad-free' || f.kind === 'bad-page') say('free-undoes-alloc', because);
    else say('data-arrives', because);
  }
  switch (r.step) {
    case 'set_memory_encrypted':
      undoesConversion(k, r, say);
      break;
    case 'set_memory_decrypted':
      convertsOnce(k, r, say);
      break;
    case '__free_pages':
      goesBack(k, r, { phys: r.args.addr as number, bytes: PAGE_SIZE * 2 ** (r.args.order as number) }, say);
      break;
    case 'dma_map_phys_ret':
    case 'dma_map_sg_attrs_ret':
      deviceReads(k, r, say);
      break;
    case 'dma_alloc_attrs_ret':
    case 'dma_alloc_pages_ret':
      allocationWorks(k, r, say);
      break;
    default:
  }
  if (FREES.has(r.step)) usedAfter(k, r, say);
  return out;
}

const ALLOCATED: ReadonlySet<string> = new Set(['dma_alloc_attrs_ret', 'dma_alloc_pages_ret']);
const FREES: ReadonlySet<string> = new Set(['free_pages', '__free_pages', 'dma_free_from_pool', 'kfree']);

/** While one of these runs, a swiotlb pool that can be found is being made, or taken apart. */
const POOL_MAKERS = [
  'swiotlb_update_mem_attributes',
  'swiotlb_init_late',
  'swiotlb_exit',
  'rmem_swiotlb_device_init',
];

/** The pool that owns any of a range, the ones that the caller makes or takes apart left out. */
function poolOf(k: Kernel, r: TraceRecord, range: Range): string | null {
  return [...atomicClaims(k.state), ...swiotlbClaims(k, r)].find((c) => overlap(c, range))?.owner ?? null;
}

function swiotlbClaims(k: Kernel, r: TraceRecord): Claim[] {
  if (r.stack.some((fn) => POOL_MAKERS.includes(fn))) return [];
  return [...publishedPools(k.state)].map((p) => ({
    phys: p.start,
    bytes: p.end - p.start,
    owner: 'a swiotlb pool',
    kind: 'swiotlb pool',
  }));
}

function rangeOf(r: TraceRecord): Range {
  return {
    phys: (r.args.addr as number) - phys_to_virt(0),
    bytes: (r.args.numpages as number) * PAGE_SIZE,
  };
}

/** Encrypting must undo a conversion that the allocation made. */
function undoesConversion(k: Kernel, r: TraceRecord, say: SayStep): void {
  const range = rangeOf(r);
  const owner = poolOf(k, r, range);
  if (owner !== null) say('free-undoes-alloc', `page ${hex(range.phys)} is encrypted, ${owner} owns it`);
  else if (pageIndex(k.state.memory, range.phys) < 0)
    say('free-undoes-alloc', `${hex(r.args.addr as number)} is not an address of the linear map`);
  else if (
    wrongPage(k, range.phys, range.bytes, false) === null &&
    // The undoing of a conversion that failed before its first page.
    !r.stack.includes('alloc_dma_pages') &&
    // Where nothing is ever converted, neither call does anything.
    k.config.fact('conversion') !== 'none'
  )
    say('free-undoes-alloc', `page ${hex(range.phys)} is encrypted, but was never decrypted`);
}

/** Decrypting is for pages that are private, and that nobody else has. */
function convertsOnce(k: Kernel, r: TraceRecord, say: SayStep): void {
  const range = rangeOf(r);
  const owner = poolOf(k, r, range);
  if (owner !== null) say('free-undoes-alloc', `page ${hex(range.phys)} is decrypted, ${owner} owns it`);
  else if (pageIndex(k.state.memory, range.phys) < 0)
    say('free-undoes-alloc', `${hex(r.args.addr as number)} is not an address of the linear map`);
  else if (wrongPage(k, range.phys, range.bytes, true) === null)
    say('free-undoes-alloc', `page ${hex(range.phys)} is decrypted, and was decrypted already`);
}

/** What the page allocator gets must have come from it: a late pool did, that `swiotlb_exit()` takes apart. */
function goesBack(k: Kernel, r: TraceRecord, range: Range, say: SayStep): void {
  const { cma } = k.state;
  const area = { phys: cma.phys, bytes: cma.bits.length * PAGE_SIZE, owner: 'CMA' };
  for (const c of [...atomicClaims(k.state), ...swiotlbClaims(k, r), area])
    if (overlap(c, range))
      say('free-undoes-alloc', `page ${hex(range.phys)} came from ${c.owner} and goes to the page allocator`);
}

/** Nobody in a read-side section may still hold the pool whose memory is freed. */
function usedAfter(k: Kernel, r: TraceRecord, say: SayStep): void {
  if (r.step === 'dma_free_from_pool' && r.result !== true) return;
  const stack = k.state.tasks.find((t) => t.name === r.actor)?.stack ?? [];
  const pool = r.args.pool ?? stack.find((f) => f.fn === 'swiotlb_dyn_free')?.pool;
  if (typeof pool !== 'number' || pool === 0) return;
  for (const t of k.state.tasks) {
    if (t.name === r.actor || t.rcu === 0) continue;
    if (t.stack.some((f) => f.pool === pool))
      say(
        'no-use-after-free',
        `${t.name} in an RCU read-side section still holds the pool that ${r.step} frees`,
      );
  }
}

const driverOf = (r: TraceRecord): number => Number(r.actor.slice(-1));

/** What the device reads after the map is what the CPU wrote, where it may read. */
function deviceReads(k: Kernel, r: TraceRecord, say: SayStep): void {
  const n = driverOf(r);
  const d = k.state.drivers[n];
  const how = d?.mapping ?? d?.list;
  if (d === undefined || how === undefined || how === null || d.owner !== 'device') return;
  if (how.attrs.includes('MMIO')) return;
  const expected = expectedBytes(k, n);
  const { coherent } = k.state.devices[d.device]!;
  let start = 0;
  for (const { dma, bytes } of mapped(d)) {
    for (const [offset, value] of expected) {
      if (offset < start || offset >= start + bytes) continue;
      const at = dma + offset - start;
      const fault = cannotReach(k, d.device, at);
      if (fault !== null) {
        say('data-arrives', `the device cannot use ${hex(at)}: ${fault}`);
        return;
      }
      // A device that does not snoop is asked what it sees when it reads.
      if (!coherent || how.dir === 'FROM_DEVICE') continue;
      if (readByte(k.state.memory, busTarget(k, d.device, at).phys) === value) continue;
      say('data-arrives', `the device reads another byte at ${hex(at)} than the CPU wrote`);
      return;
    }
    start += bytes;
  }
}

/** CPU and device can both use what was allocated. */
function allocationWorks(k: Kernel, r: TraceRecord, say: SayStep): void {
  const d = k.state.drivers[driverOf(r)];
  if (d === undefined || r.args.result === 0) return;
  const a = d.allocations[d.allocations.length - 1];
  if (a === undefined) return;
  for (let offset = 0; offset < a.bytes; offset += PAGE_SIZE) {
    const device = cannotReach(k, d.device, a.dma + offset);
    if (device !== null) {
      say('data-arrives', `the device cannot use ${hex(a.dma + offset)}: ${device}`);
      return;
    }
    const virt = a.cpu_addr !== 0 ? a.cpu_addr : a.fn === 'dma_alloc_pages' ? phys_to_virt(a.page) : 0;
    const cpu = virt === 0 ? null : cpuFault(k.state.memory, virt + offset);
    if (cpu !== null) {
      say('data-arrives', `the CPU cannot use ${hex(virt + offset)}: ${cpu}`);
      return;
    }
  }
}
