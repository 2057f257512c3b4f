/** Expectations in words: what is so, read from the simulator's own state. */
import { claims, overlap } from '../conformance/ownership.ts';
import { lostMemory } from '../conformance/references.ts';
import { stateOf } from '../conformance/safety-state.ts';
import { busToPhys } from '../kernel/device.ts';
import { HOST_SHARED, PAGE_SIZE, pageIndex } from '../kernel/memory.ts';
import type { Simulator } from './api.ts';
import { deviceOf, show, whole } from './check.ts';
import type { Allocation, Mapping } from './holdings.ts';
import type { Session } from './session.ts';
import { count, hex } from './words.ts';

type Calls = Pick<
  Simulator,
  | 'expectShared'
  | 'expectPrivate'
  | 'expectFreed'
  | 'expectLeaked'
  | 'expectBounced'
  | 'expectDirect'
  | 'expectFromPool'
  | 'expectFromRestricted'
  | 'expectFails'
  | 'expectWorks'
  | 'expectTransientPools'
  | 'expectGuestOver'
  | 'expectEqual'
>;

export function expectCalls(s: Session): Calls {
  const state = (page: number): string => stateOf(s.kernel, page);
  const hostSees = (page: number): boolean =>
    ((s.kernel.state.memory.codes[pageIndex(s.kernel.state.memory, page)] ?? 0) & HOST_SHARED) !== 0;
  const all = (api: string, what: unknown, name: (page: number) => string | null): void => {
    const { pages, label } = pagesOf(s, api, what);
    s.expectation(`${api}(${label})`, () => {
      for (const page of pages) {
        const why = name(page);
        if (why !== null) return why;
      }
      return null;
    });
  };
  const owner = (page: number): string =>
    s.nameOf(claims(s.kernel).find((c) => overlap(c, { phys: page, bytes: PAGE_SIZE }))?.owner ?? 'nobody');
  const mappingAt = (api: string, dma: unknown): Mapping => {
    if (dma === -1) return s.stopAt('DMA_MAPPING_ERROR');
    const held = s.ledger.live().find((h) => h.dma === dma && 'phys' in h);
    return (held as Mapping | undefined) ?? s.mistake(`${api}: ${show(dma)} is the address of no mapping`);
  };
  const pools = () => s.kernel.state.pools;

  return {
    expectShared: (what) =>
      all('expectShared', what, (page) =>
        hostSees(page) ? null : `page ${hex(page)} is not shared: ${state(page)}`,
      ),
    expectPrivate: (what) =>
      all('expectPrivate', what, (page) =>
        hostSees(page) ? `page ${hex(page)} is not private: ${state(page)}` : null,
      ),
    expectFreed: (what) =>
      all('expectFreed', what, (page) => {
        if (freed(s, page)) return null;
        return `page ${hex(page)} is not back with its allocator: it belongs to ${owner(page)}, ${state(page)}`;
      }),
    expectLeaked: (what) =>
      all('expectLeaked', what, (page) => {
        const lost = lostMemory(s.kernel).some(
          (l) =>
            !l.alias && l.phys !== null && l.phys <= page && page < l.phys + Math.max(l.bytes, PAGE_SIZE),
        );
        return lost ? null : `page ${hex(page)} is not leaked: it belongs to ${owner(page)}, ${state(page)}`;
      }),
    expectBounced: (dma) => {
      const m = mappingAt('expectBounced', dma);
      s.expectation(`expectBounced(${hex(m.dma)})`, () => {
        const phys = physOf(s, m);
        if (pools().some((p) => phys >= p.start && phys < p.end)) return null;
        return `${hex(m.dma)} lies in no swiotlb pool`;
      });
    },
    expectDirect: (dma) => {
      const m = mappingAt('expectDirect', dma);
      s.expectation(`expectDirect(${hex(m.dma)})`, () =>
        physOf(s, m) === m.phys ? null : `${hex(m.dma)} does not name the memory at ${hex(m.phys)}`,
      );
    },
    expectFromPool: (what) =>
      all('expectFromPool', what, (page) =>
        s.kernel.state.atomicPools.some((a) =>
          a.pool.chunks.some((c) => page >= c.phys && page < c.phys + c.bits.length * PAGE_SIZE),
        )
          ? null
          : `page ${hex(page)} is no part of an atomic pool`,
      ),
    expectFromRestricted: (what) =>
      all('expectFromRestricted', what, (page) =>
        pools().some((p) => page >= p.start && page < p.end)
          ? null
          : `page ${hex(page)} is no part of a restricted pool`,
      ),
    expectFails: (what) =>
      s.expectation('expectFails', () =>
        what === null || what === -1
          ? null
          : `it worked: ${typeof what === 'number' ? hex(what) : 'memory was allocated'}`,
      ),
    expectWorks: (what) =>
      s.expectation('expectWorks', () => {
        if (what !== null && what !== -1 && what !== undefined) return null;
        return `${what === -1 ? 'DMA_MAPPING_ERROR' : 'NULL'} was returned`;
      }),
    expectTransientPools: (dev, wanted) => {
      const d = deviceOf(s, 'expectTransientPools', dev);
      whole(s, 'expectTransientPools', 'count', wanted, 0, 1000);
      s.expectation(`expectTransientPools(${d.name}, ${wanted})`, () => {
        let have = 0;
        for (let at = s.kernel.state.devices[d.id]!.transient; at !== 0; have++)
          at = pools().find((p) => p.addr === at)?.next ?? 0;
        return have === wanted ? null : `${d.name} has ${count(have, 'transient pool')}, not ${wanted}`;
      });
    },
    expectGuestOver: () => {
      s.endExpected = true;
      s.expectation('expectGuestOver', () => (s.ended === null ? 'the guest still runs' : null));
    },
    expectEqual: (found, wanted) =>
      s.expectation(`expectEqual(${show(wanted)})`, () =>
        found === wanted ? null : `it is ${show(found)}, not ${show(wanted)}`,
      ),
  };
}

/** Pages of what a scenario holds or held, and its name in messages. */
function pagesOf(
  s: Session,
  api: string,
  what: unknown,
): { readonly pages: readonly number[]; readonly label: string } {
  if (what === null || what === undefined) return s.stopAt('NULL');
  if (what === -1) return s.stopAt('DMA_MAPPING_ERROR');
  if (typeof what === 'number') {
    const held = s.ledger.live().find((h) => what >= h.dma && what < h.dma + h.size);
    if (held === undefined) s.mistake(`${api}: ${hex(what)} is no bus address that a device has now`);
    return { pages: span(physOf(s, held!), held!.size), label: hex(what) };
  }
  const { dma_handle, addr } = what as { dma_handle?: unknown; addr?: unknown };
  const allocation = s.ledger
    .all()
    .filter((h): h is Allocation => 'pages' in h && h.dma === dma_handle)
    .at(-1);
  if (allocation !== undefined) return { pages: allocation.pages, label: hex(allocation.cpu) };
  const buffer = s.buffers.filter((b) => b.addr === addr).at(-1);
  if (buffer !== undefined) return { pages: span(buffer.phys, buffer.size), label: hex(buffer.addr) };
  return s.mistake(`${api}: ${show(what)} is no memory and no bus address`);
}

/** Where a bus address leads. */
function physOf(s: Session, { device, dma }: Pick<Mapping, 'device' | 'dma'>): number {
  return busToPhys(s.kernel, s.devices.find((d) => d.name === device)!.id, dma);
}

function span(phys: number, size: number): number[] {
  const out: number[] = [];
  for (let page = phys - (phys % PAGE_SIZE); page < phys + size; page += PAGE_SIZE) out.push(page);
  return out;
}

/** Is the page free where it came from: page allocator, CMA, an atomic pool, a restricted pool? */
function freed(s: Session, page: number): boolean {
  const { buddy, cma, atomicPools, pools, slots } = s.kernel.state;
  for (let i = 0; i < buddy.free.length; i += 2) {
    const start = buddy.free[i]! * PAGE_SIZE;
    if (page >= start && page < start + PAGE_SIZE * 2 ** buddy.free[i + 1]!) return true;
  }
  const n = (page - cma.phys) / PAGE_SIZE;
  if (cma.bits[n] === 0) return true;
  for (const a of atomicPools)
    for (const c of a.pool.chunks) if (c.bits[(page - c.phys) / PAGE_SIZE] === 0) return true;
  for (const p of pools) {
    if (page < p.start || page >= p.end) continue;
    const array = slots.find((x) => x.addr === p.slots);
    const first = (page - p.start) / 2048;
    if (array?.fields === null) return array.initial === 'free';
    return [first, first + 1].every((i) => array?.fields?.list[i] !== 0);
  }
  return false;
}
