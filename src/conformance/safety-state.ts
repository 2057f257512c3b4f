/** The properties of states: what is false now, whoever made it so. */
import { force_dma_unencrypted, reachesSharedOnly } from '../kernel/device.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { HOST_SHARED, PAGE_SIZE, PTE_INVALID, PTE_SHARED, pageIndex, UNCERTAIN } from '../kernel/memory.ts';
import type { IoTlbPool } from '../kernel/state.ts';
import { busTarget, handedOut, isMmio } from './handed-out.ts';
import { atomicClaims, type Claim, claims, overlap, publishedPools } from './ownership.ts';
import { lostMemory } from './references.ts';
import type { SafetyName, Standing } from './safety-names.ts';
import { hex } from './safety-names.ts';

type Say = (property: SafetyName, subject: string, because: string) => void;

/** First page of a range that is not wholly and certainly in a state. Pages outside RAM are passed over. */
export function wrongPage(k: Kernel, phys: number, bytes: number, shared: boolean): number | null {
  const { codes, pteEncryption } = k.state.memory;
  const first = pageIndex(k.state.memory, phys);
  if (first < 0) return null;
  // Where page tables say nothing, what stands there of a page says nothing.
  const mask = pteEncryption ? ~0 : ~PTE_SHARED;
  const wanted = shared ? (PTE_SHARED | HOST_SHARED) & mask : 0;
  const end = first + Math.ceil(bytes / PAGE_SIZE);
  for (let i = first; i < end; i++)
    if (((codes[i] ?? 0) & mask) !== wanted) return phys + (i - first) * PAGE_SIZE;
  return null;
}

/** What page table and host say of a page, in words. */
export function stateOf(k: Kernel, phys: number): string {
  const code = k.state.memory.codes[pageIndex(k.state.memory, phys)] ?? 0;
  const side = (bit: number): string => ((code & bit) !== 0 ? 'shared' : 'private');
  const invalid = (code & PTE_INVALID) !== 0 ? ', not mapped' : '';
  const table = k.state.memory.pteEncryption ? `page table ${side(PTE_SHARED)}, ` : '';
  return `${table}host ${side(HOST_SHARED)}${invalid}${(code & UNCERTAIN) !== 0 ? ', uncertain' : ''}`;
}

/** What a state says: properties that are false in it, and whether it shows the allowed leak. */
export interface StateVerdict {
  readonly standing: readonly Standing[];
  /** Pages that nobody refers to, in uncertain state. Witness of `nothing-leaks`. */
  readonly leakedOnPurpose: boolean;
}

const NOTHING: StateVerdict = { standing: [], leakedOnPurpose: false };

/** Judge a state. Of a guest that is over nothing is judged. */
export function judge(k: Kernel): StateVerdict {
  if (k.state.ended !== null) return NOTHING;
  const out: Standing[] = [];
  const say: Say = (property, subject, because) => {
    out.push({ property, subject, because });
  };
  const published = publishedPools(k.state);
  const owners = claims(k, published);
  freeIsPrivate(k, owners, say);
  oneOwner(owners, say);
  poolsTellTheTruth(k, published, say);
  for (const given of handedOut(k)) {
    for (let offset = 0; offset < given.bytes; offset += PAGE_SIZE)
      addressFits(k, given.device, given.who, given.dma + offset, say);
  }
  k.state.drivers.forEach((d, n) => {
    if (d.lost !== null)
      say('data-arrives', `driver/${n} ${d.lost}`, `data of driver/${n} did not arrive: ${d.lost}`);
  });
  return { standing: out, leakedOnPurpose: nothingLeaks(k, published, say) };
}

/** Whose pages must be private, and which property says so. */
const PRIVATE: Partial<Record<Claim['kind'], SafetyName>> = {
  'page allocator': 'free-private',
  CMA: 'free-private',
  // Nobody asked to share a buffer, nor the kernel's own notes about slots.
  buffer: 'no-exposure',
  'slot array': 'no-exposure',
};

function freeIsPrivate(k: Kernel, owners: readonly Claim[], say: Say): void {
  for (const { kind, owner, phys, bytes } of owners) {
    const property = PRIVATE[kind];
    if (property === undefined) continue;
    const wrong = wrongPage(k, phys, bytes, false);
    // A driver that maps with CC_SHARED has shared its buffer by itself.
    if (wrong !== null && !k.state.drivers.some((d) => d.shared && d.buffer === phys))
      say(
        property,
        `${hex(wrong)} ${owner}`,
        `page ${hex(wrong)} of ${owner} is not private: ${stateOf(k, wrong)}`,
      );
  }
}

function oneOwner(owners: readonly Claim[], say: Say): void {
  for (let i = 0; i < owners.length; i++)
    for (let j = 0; j < i; j++) {
      const [a, b] = [owners[i]!, owners[j]!];
      if (!overlap(a, b) || (a.owner === b.owner && a.kind !== 'allocation')) continue;
      const end = Math.min(a.phys + a.bytes, b.phys + b.bytes);
      for (let page = Math.max(a.phys, b.phys); page < end; page += PAGE_SIZE)
        say(
          'one-owner',
          `${hex(page)} ${a.owner} ${b.owner}`,
          `page ${hex(page)} belongs to ${b.owner} and to ${a.owner}`,
        );
    }
}

/** Is the default pool being converted, or taken apart? Until that is over its record is ahead of its pages. */
function inTheMaking(k: Kernel): boolean {
  return k.state.tasks.some((t) =>
    t.stack.some(
      (f) => f.fn === 'swiotlb_update_mem_attributes' || (f.fn === 'swiotlb_exit' && f.pool !== 0),
    ),
  );
}

function poolsTellTheTruth(k: Kernel, published: ReadonlySet<IoTlbPool>, say: Say): void {
  const s = k.state;
  const making = inTheMaking(k);
  const told = (name: string, phys: number, bytes: number, shared: boolean | null): void => {
    // A pool that records no state (before 5 and 7) says nothing that could be false.
    if (shared === null) return;
    const wrong = wrongPage(k, phys, bytes, shared);
    if (wrong === null) return;
    const records = shared ? 'shared' : 'private';
    say('pool-tells-the-truth', name, `${name} records ${records}, page ${hex(wrong)}: ${stateOf(k, wrong)}`);
  };
  for (const p of published) {
    if (making && p.addr === s.mems[0]?.defpool) continue;
    const mem = s.mems.find((m) => m.defpool === p.addr);
    const shared = mem === undefined ? p.unencrypted : mem.unencrypted;
    told(`swiotlb pool ${hex(p.addr)}`, p.start, p.end - p.start, shared);
  }
  for (const { name, pool, unencrypted } of s.atomicPools) {
    for (const { phys, bits } of pool.chunks) {
      told(`atomic pool ${name}`, phys, bits.length * PAGE_SIZE, unencrypted);
    }
  }
}

/** Is the device one that can reach shared memory only, as the kernel thinks or in truth? */
export function forced(k: Kernel, device: number): boolean {
  return force_dma_unencrypted(k, device) || reachesSharedOnly(k, device);
}

/**
 * One page of an address that a device was given. Where an address says nothing (no bit), it says by itself
 * neither: there an untrusted device's address must name shared memory. The entries of an IOMMU that carry the
 * bit decrypt on the way: such a device can reach private memory through them.
 */
function addressFits(k: Kernel, device: number, who: string, dma: number, say: Say): void {
  const { phys, says, translated } = busTarget(k, device, dma);
  const where = `address ${hex(dma)} of ${who}`;
  const { memory } = k.state;
  const index = pageIndex(memory, phys);
  const untrusted = forced(k, device) && !(translated && says !== null);
  if (index < 0) {
    // The registers of a device are nobody's memory, and the host sees them always.
    if (!isMmio(k, phys)) say('address-matches-memory', where, `${where} leads nowhere`);
    else if (says === 'private' && untrusted)
      say('device-can-reach', where, `${where} of an untrusted device says private`);
    return;
  }
  const host = (memory.codes[index]! & HOST_SHARED) !== 0;
  if (says !== null && (says === 'shared') !== host)
    say('address-matches-memory', where, `${where} says ${says}, ${stateOf(k, phys)}`);
  if (untrusted && (says === 'private' || (says === null && !host)))
    say(
      'device-can-reach',
      where,
      `${where} of an untrusted device names private memory: ${stateOf(k, phys)}`,
    );
}

/** Says what is lost and should not be; true when something was lost on purpose. */
function nothingLeaks(k: Kernel, published: ReadonlySet<IoTlbPool>, say: Say): boolean {
  const { memory } = k.state;
  let onPurpose = false;
  for (const lost of lostMemory(k, published)) {
    const where = lost.phys === null ? '' : ` at ${hex(lost.phys)} (${stateOf(k, lost.phys)})`;
    if (lost.alias) {
      if (lost.phys !== null && uncertain(k, lost.phys, PAGE_SIZE)) continue;
      say('free-undoes-alloc', lost.what, `nobody uses ${lost.what}${where}, and it is still there`);
    } else if (
      lost.phys !== null &&
      pageIndex(memory, lost.phys) >= 0 &&
      uncertain(k, lost.phys, lost.bytes)
    ) {
      onPurpose = true;
    } else say('nothing-leaks', `${lost.what} ${lost.phys}`, `nothing refers to ${lost.what}${where}`);
  }
  return onPurpose;
}

/** Is the state of any page of the range uncertain? A block is leaked whole. */
function uncertain(k: Kernel, phys: number, bytes: number): boolean {
  const { memory } = k.state;
  const first = pageIndex(memory, phys);
  if (first < 0) return false;
  for (let i = first; i < first + Math.ceil(bytes / PAGE_SIZE); i++)
    if ((memory.codes[i]! & UNCERTAIN) !== 0) return true;
  return false;
}

/** The atomic pool that owns any of a range, or null. */
export function atomicOwner(k: Kernel, phys: number, bytes: number): string | null {
  return atomicClaims(k.state).find((c) => overlap(c, { phys, bytes }))?.owner ?? null;
}
