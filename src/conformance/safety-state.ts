/** The properties of states: what is false now, whoever made it so. */
import { dma_to_phys, encodingOf, force_dma_unencrypted } from '../kernel/device.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { HOST_SHARED, PAGE_SIZE, PTE_INVALID, PTE_SHARED, pageIndex, UNCERTAIN } from '../kernel/memory.ts';
import { atomicClaims, claims, listed, lostMemory, overlap } from './ownership.ts';
import type { SafetyName, Standing } from './safety-names.ts';
import { hex } from './safety-names.ts';

type Say = (property: SafetyName, subject: string, because: string) => void;

/** First page of a range whose code is not the expected one. */
export function wrongPage(k: Kernel, phys: number, bytes: number, code: number): number | null {
  const { codes } = k.state.memory;
  const first = pageIndex(k.state.memory, phys);
  if (first < 0) return null;
  for (let i = first; i < first + Math.ceil(bytes / PAGE_SIZE); i++)
    if (codes[i] !== code) return phys + (i - first) * PAGE_SIZE;
  return null;
}

function stateOf(k: Kernel, phys: number): string {
  const code = k.state.memory.codes[pageIndex(k.state.memory, phys)] ?? 0;
  const side = (bit: number): string => ((code & bit) !== 0 ? 'shared' : 'private');
  const invalid = (code & PTE_INVALID) !== 0 ? ', not mapped' : '';
  return `page table ${side(PTE_SHARED)}, host ${side(HOST_SHARED)}${invalid}${(code & UNCERTAIN) !== 0 ? ', uncertain' : ''}`;
}

/** What a state says: properties that are false in it, and whether it shows the allowed leak. */
export interface StateVerdict {
  readonly standing: readonly Standing[];
  /** Pages that nobody refers to, in uncertain state. Witness of `nothing-leaks`. */
  readonly leakedOnPurpose: boolean;
}

/** Judge a state. */
export function judge(k: Kernel): StateVerdict {
  const out: Standing[] = [];
  const say: Say = (property, subject, because) => {
    out.push({ property, subject, because });
  };
  const owners = claims(k.state);
  for (const c of owners) {
    if (c.owner === 'page allocator' || c.owner.startsWith('driver/') || c.owner === 'slot array') {
      const wrong = wrongPage(k, c.phys, c.bytes, 0);
      if (wrong !== null)
        say(
          c.owner === 'page allocator' ? 'free-private' : 'no-exposure',
          `${hex(wrong)} ${c.owner}`,
          `page ${hex(wrong)} of ${c.owner} is not private: ${stateOf(k, wrong)}`,
        );
    }
  }
  for (let i = 0; i < owners.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [owners[i]!, owners[j]!];
      if (a.owner === b.owner || !overlap(a, b)) continue;
      const end = Math.min(a.phys + a.bytes, b.phys + b.bytes);
      for (let page = Math.max(a.phys, b.phys); page < end; page += PAGE_SIZE)
        say(
          'one-owner',
          `${hex(page)} ${a.owner} ${b.owner}`,
          `page ${hex(page)} belongs to ${b.owner} and to ${a.owner}`,
        );
    }
  poolsTellTheTruth(k, say);
  for (const [n, d] of k.state.drivers.entries()) {
    if (d.mapping === null) continue;
    addressFits(k, n, d.mapping.dma, d.mapping.bytes, say);
  }
  let leakedOnPurpose = false;
  for (const lost of lostMemory(k)) {
    const { memory } = k.state;
    if (lost.phys !== null && (memory.codes[pageIndex(memory, lost.phys)]! & UNCERTAIN) !== 0) {
      leakedOnPurpose = true;
      continue;
    }
    const where = lost.phys === null ? '' : ` at ${hex(lost.phys)} (${stateOf(k, lost.phys)})`;
    say('nothing-leaks', `${lost.what} ${lost.phys}`, `nothing refers to ${lost.what}${where}`);
  }
  return { standing: out, leakedOnPurpose };
}

function poolsTellTheTruth(k: Kernel, say: Say): void {
  const s = k.state;
  // A pool that records no state (before 5 and 7) says nothing that could be false.
  const defaults = listed(s, s.mem.pools);
  const last = defaults[defaults.length - 1];
  const pools = [...defaults, ...listed(s, s.device.transient)].map((p) => ({
    name: `swiotlb pool ${hex(p.addr)}`,
    phys: p.start,
    bytes: p.end - p.start,
    shared: p === last ? s.mem.unencrypted : p.unencrypted,
  }));
  const atomic = atomicClaims(s).map((c, i) => ({
    name: c.owner,
    phys: c.phys,
    bytes: c.bytes,
    shared: s.atomicPools[i]?.unencrypted ?? null,
  }));
  for (const p of [...pools, ...atomic]) {
    if (p.shared === null) continue;
    const wrong = wrongPage(k, p.phys, p.bytes, p.shared ? PTE_SHARED | HOST_SHARED : 0);
    if (wrong !== null)
      say(
        'pool-tells-the-truth',
        p.name,
        `${p.name} records ${p.shared ? 'shared' : 'private'}, page ${hex(wrong)}: ${stateOf(k, wrong)}`,
      );
  }
}

function addressFits(k: Kernel, driver: number, dma: number, bytes: number, say: Say): void {
  const says = encodingOf(k, dma);
  for (let offset = 0; offset < bytes; offset += PAGE_SIZE) {
    const phys = dma_to_phys(k, dma) + offset;
    const host = (k.state.memory.codes[pageIndex(k.state.memory, phys)]! & HOST_SHARED) !== 0;
    const where = `address ${hex(dma + offset)} of driver/${driver}`;
    if (says !== null && (says === 'shared') !== host)
      say('address-matches-memory', where, `${where} says ${says}, ${stateOf(k, phys)}`);
    if (force_dma_unencrypted(k) && (says === 'private' || (says === null && !host)))
      say(
        'device-can-reach',
        where,
        `${where} of an untrusted device names private memory: ${stateOf(k, phys)}`,
      );
  }
}
