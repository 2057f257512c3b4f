/** The properties of steps: what just happened should not have. */
import { DMA_MAPPING_ERROR, deviceFault, dma_to_phys } from '../kernel/device.ts';
import { bufferHolds, cpuPattern, devicePattern } from '../kernel/driver.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { PAGE_SIZE, pageIndex, phys_to_virt, readByte } from '../kernel/memory.ts';
import type { TraceRecord } from '../kernel/task.ts';
import { atomicClaims, overlap } from './ownership.ts';
import type { SafetyName, Violation } from './safety-names.ts';
import { hex } from './safety-names.ts';
import { wrongPage } from './safety-state.ts';

type SayStep = (property: SafetyName, because: string) => void;

/** Properties that the step itself makes false. */
export function stepViolations(k: Kernel, r: TraceRecord): Omit<Violation, 'site'>[] {
  const out: Omit<Violation, 'site'>[] = [];
  const say: SayStep = (property, because) => {
    out.push({ property, because });
  };
  if (r.mightSleep === 'forbidden') say('no-sleep-in-atomic', `${r.step} in ${r.context} context`);
  for (const f of r.faults ?? []) {
    const because = `${r.step}: ${f.because} (${hex(f.addr)})`;
    if (f.kind === 'use-after-free') say('no-use-after-free', because);
    else if (f.kind === 'bad-free' || f.kind === 'bad-page') say('free-undoes-alloc', because);
    else say('data-arrives', because);
  }
  if (r.step === 'set_memory_encrypted') undoesConversion(k, r, say);
  if (r.step === '__free_pages') {
    const range = { phys: r.args.addr as number, bytes: PAGE_SIZE * 2 ** (r.args.order as number) };
    for (const c of atomicClaims(k.state))
      if (overlap(c, range))
        say(
          'free-undoes-alloc',
          `page ${hex(range.phys)} came from ${c.owner} and goes to the page allocator`,
        );
  }
  if (FREES.has(r.step)) usedAfter(k, r, say);
  if (r.step === 'dma_map_phys_ret' && r.args.result !== DMA_MAPPING_ERROR) deviceReads(k, r, say);
  if (r.step === 'dma_unmap_phys_ret') {
    const n = Number(r.actor.slice(-1));
    const d = k.state.drivers[n]!;
    const want = d.deviceWrote ? devicePattern(n, d.bytes) : cpuPattern(n, d.bytes);
    if (!bufferHolds(k, n, want, d.bytes))
      say(
        'data-arrives',
        `buffer of ${r.actor} does not hold what the ${d.deviceWrote ? 'device' : 'CPU'} wrote`,
      );
  }
  return out;
}

const FREES: ReadonlySet<string> = new Set(['free_pages', '__free_pages', 'dma_free_from_pool', 'kfree']);

/** Encrypting must undo a conversion that the allocation made. */
function undoesConversion(k: Kernel, r: TraceRecord, say: SayStep): void {
  const phys = (r.args.addr as number) - phys_to_virt(0);
  const bytes = (r.args.numpages as number) * PAGE_SIZE;
  const owner = atomicClaims(k.state).find((c) => overlap(c, { phys, bytes }));
  const stack = k.state.tasks.find((t) => t.name === r.actor)?.stack ?? [];
  if (owner !== undefined) say('free-undoes-alloc', `page ${hex(phys)} is encrypted, ${owner.owner} owns it`);
  else if (pageIndex(k.state.memory, phys) < 0)
    say('free-undoes-alloc', `${hex(r.args.addr as number)} is not an address of the linear map`);
  else if (wrongPage(k, phys, bytes, 0) === null && !stack.some((f) => f.fn === 'alloc_dma_pages'))
    say('free-undoes-alloc', `page ${hex(phys)} is encrypted, but was never decrypted`);
}

/** Nobody in a read-side section may still hold the pool whose memory is freed. */
function usedAfter(k: Kernel, r: TraceRecord, say: SayStep): void {
  if (r.step === 'dma_free_from_pool' && r.result !== true) return;
  const stack = k.state.tasks.find((t) => t.name === r.actor)?.stack ?? [];
  const pool = r.args.pool ?? stack.find((f) => f.fn === 'swiotlb_dyn_free')?.pool;
  if (pool === undefined || pool === 0) return;
  for (const t of k.state.tasks) {
    if (t.name === r.actor || t.rcu === 0) continue;
    if (t.stack.some((f) => f.pool === pool))
      say(
        'no-use-after-free',
        `${t.name} in an RCU read-side section still holds the pool that ${r.step} frees`,
      );
  }
}

/** What the device reads after the map is what the CPU wrote. */
function deviceReads(k: Kernel, r: TraceRecord, say: SayStep): void {
  const n = Number(r.actor.slice(-1));
  const dma = r.args.result as number;
  for (const [offset, value] of cpuPattern(n, k.state.drivers[n]!.bytes)) {
    const fault = deviceFault(k, dma + offset);
    const same = readByte(k.state.memory, dma_to_phys(k, dma + offset)) === value;
    if (fault === null && same) continue;
    const where = hex(dma + offset);
    if (fault !== null) say('data-arrives', `the device cannot read ${where}: ${fault}`);
    else say('data-arrives', `the device reads another byte at ${where} than the CPU wrote`);
    break;
  }
}
