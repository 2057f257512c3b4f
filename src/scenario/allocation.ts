/** Coherent allocations and pages for DMA. */
import { hasAttr } from '../kernel/dma/attrs.ts';
import { PAGE_SIZE, phys_to_virt, translate } from '../kernel/memory.ts';
import type { Attrs, Gfp, Simulator } from './api.ts';
import { attributes, busAddress, deviceOf, direction, gfp, whole } from './check.ts';
import { allocAttrs, allocPages, freeAttrs, freePages } from './entry.ts';
import type { Allocation } from './holdings.ts';
import { allocationAccess } from './memory.ts';
import type { Session } from './session.ts';
import { hex } from './words.ts';

type Calls = Pick<
  Simulator,
  | 'dma_alloc_coherent'
  | 'dma_free_coherent'
  | 'dma_alloc_attrs'
  | 'dma_free_attrs'
  | 'dma_alloc_pages'
  | 'dma_free_pages'
>;

const LARGEST = 2 ** 22;

export function allocationCalls(s: Session): Calls {
  const alloc = (api: string, handle: unknown, size: number, flags: Gfp, attrs: Attrs) => {
    const d = deviceOf(s, api, handle);
    whole(s, api, 'size', size, 1, LARGEST);
    const { mayBlock } = gfp(s, api, flags);
    const names = attributes(s, api, attrs);
    const what = `${api}(${size}, ${flags}${names === '' ? '' : `, ${names}`})`;
    const got = s.kernelCall(
      d,
      api,
      what,
      allocAttrs({ dev: d.id, bytes: size, mayBlock, attrs: names }),
      (mem) => {
        if (mem === null) s.deliveredNothing(api);
        return mem === null ? 'NULL' : `${hex(mem.cpu_addr || mem.page)}, ${hex(mem.dma)}`;
      },
      null,
    );
    if (got === null) return null;
    // Without a CPU address the driver is given the page, as a cookie.
    const cpu_addr = got.cpu_addr || got.page;
    const a = hold(s, {
      kind: 'coherent',
      api,
      device: d.name,
      dma: got.dma,
      size,
      dir: 'DMA_BIDIRECTIONAL',
      attrs: names,
      cpu: cpu_addr,
      vaddr: hasAttr(names, 'NO_KERNEL_MAPPING') ? 0 : got.cpu_addr,
      pages: got.cpu_addr === 0 ? pagesFrom(got.page, size) : pagesBehind(s, got.cpu_addr, size),
    });
    return { cpu_addr, dma_handle: got.dma, size, ...allocationAccess(s, a) };
  };
  const free = (
    api: string,
    handle: unknown,
    size: number,
    cpu: number,
    dma_handle: number,
    attrs: unknown,
  ) => {
    const d = deviceOf(s, api, handle);
    const dma = busAddress(s, api, dma_handle);
    const names = attributes(s, api, attrs);
    const claimed = { kind: 'coherent', device: d.name, dma, size, cpu, attrs: names } as const;
    if (s.atomic) s.mistake(`${api}: it may sleep, and a spinlock is held (atomic())`);
    const found = s.ledger.find(claimed);
    if (typeof found === 'string') return s.mistake(`${api}: ${found}`);
    s.ledger.end(found, s.positions.here());
    const what = `${api}(${size}, ${hex(cpu)}, ${hex(dma)})`;
    s.kernelCall(
      d,
      api,
      what,
      freeAttrs({ dev: d.id, bytes: size, cpu_addr: cpu, dma, attrs: names }),
      () => '',
      true,
    );
  };
  return {
    dma_alloc_coherent: (dev, size, flags) => alloc('dma_alloc_coherent', dev, size, flags, ''),
    dma_alloc_attrs: (dev, size, flags, attrs) => alloc('dma_alloc_attrs', dev, size, flags, attrs),
    dma_free_coherent: (dev, size, cpu, dma) => free('dma_free_coherent', dev, size, cpu, dma, ''),
    dma_free_attrs: (dev, size, cpu, dma, attrs) => free('dma_free_attrs', dev, size, cpu, dma, attrs),
    dma_alloc_pages: (dev, size, dir, flags) => {
      const api = 'dma_alloc_pages';
      const d = deviceOf(s, api, dev);
      whole(s, api, 'size', size, 1, LARGEST);
      const way = direction(s, api, dir);
      const { mayBlock } = gfp(s, api, flags);
      const what = `${api}(${size}, ${way}, ${flags})`;
      const got = s.kernelCall(
        d,
        api,
        what,
        allocPages({ dev: d.id, bytes: size, mayBlock }),
        (mem) => {
          if (mem === null) s.deliveredNothing(api);
          return mem === null ? 'NULL' : `${hex(mem.page)}, ${hex(mem.dma)}`;
        },
        null,
      );
      if (got === null) return null;
      const a = hold(s, {
        kind: 'pages',
        api,
        device: d.name,
        dma: got.dma,
        size,
        dir: way,
        attrs: '',
        cpu: got.page,
        vaddr: phys_to_virt(got.page),
        pages: pagesFrom(got.page, size),
      });
      return { page: got.page, dma_handle: got.dma, size, ...allocationAccess(s, a) };
    },
    dma_free_pages: (dev, size, page, dma_handle, dir) => {
      const api = 'dma_free_pages';
      const d = deviceOf(s, api, dev);
      const dma = busAddress(s, api, dma_handle);
      const way = direction(s, api, dir);
      const found = s.ledger.find({ kind: 'pages', device: d.name, dma, size, dir: way, cpu: page });
      if (typeof found === 'string') return s.mistake(`${api}: ${found}`);
      s.ledger.end(found, s.positions.here());
      const what = `${api}(${size}, ${hex(page)}, ${hex(dma)}, ${way})`;
      s.kernelCall(d, api, what, freePages({ dev: d.id, bytes: size, page, dma }), () => '', true);
    },
  };
}

function hold(s: Session, a: Omit<Allocation, 'at' | 'ended' | 'endedAt' | 'view'>): Allocation {
  const view = new Array<number>(a.size).fill(0);
  const allocation: Allocation = { ...a, at: s.positions.here(), ended: false, endedAt: null, view };
  s.ledger.add(allocation);
  return allocation;
}

function pagesFrom(phys: number, size: number): number[] {
  const first = phys - (phys % PAGE_SIZE);
  return Array.from(
    { length: Math.ceil((phys + size - first) / PAGE_SIZE) },
    (_, n) => first + n * PAGE_SIZE,
  );
}

/** The pages behind CPU addresses, which may be scattered. */
function pagesBehind(s: Session, vaddr: number, size: number): number[] {
  return pagesFrom(vaddr, size).flatMap((at) => {
    const t = translate(s.kernel.state.memory, at);
    return t === null ? [] : [t.phys - (t.phys % PAGE_SIZE)];
  });
}
