/**
 * What the probes of `ccdma probes` and the tracepoints print of a call of the simulated kernel: events at the entry
 * and at the return of its functions, with the arguments of the recorded logs.
 */
import {
  arg,
  attrBits,
  attrsOf,
  type Call,
  DIRECTIONS,
  device,
  directionOf,
  GFP,
  gfpOf,
  num,
  x,
} from './arguments.ts';
import { bounced, mapped, mappedList, memory, synced, unmapped, unmappedList } from './tracepoints.ts';

/** Events of one function, in order. */
export interface Events {
  readonly entry?: (call: Call) => readonly string[];
  readonly exit?: (call: Call, ret: number | string | boolean | undefined) => readonly string[];
}

type Field = (call: Call) => string;
const FIELDS = {
  dev: device,
  dir: (c) => `${DIRECTIONS.indexOf(directionOf(c))}`,
  attrs: (c) => x(attrBits(attrsOf(c))),
  gfp: (c) => x(GFP[gfpOf(c)]),
  size: (c) => `${num(c, 'bytes')}`,
} satisfies Record<string, Field>;
const hexOf =
  (name: string): Field =>
  (c) =>
    x(num(c, name));
const numberOf =
  (name: string): Field =>
  (c) =>
    `${num(c, name)}`;

/** A kprobe; `symbol` where it is not the event's name. */
function entry(event: string, fields: Readonly<Record<string, Field>>, symbol = event) {
  return (call: Call): string[] => {
    let text = `${event}: (${symbol}+0x0/0x0)`;
    for (const name in fields) text += ` ${name}=${fields[name]!(call)}`;
    return [text];
  };
}

/** A kretprobe. */
function exit(event: string, show: ((ret: number) => string) | null = x, symbol = event) {
  return ({ caller }: Call, ret: number | string | boolean | undefined): string[] => {
    const value = show === null || ret === undefined ? '' : ` ret=${show(Number(ret))}`;
    return [`${event}_ret: (${caller}+0x0/0x0 <- ${symbol})${value}`];
  };
}

const decimal = (n: number): string => `${n}`;

/** From a pool's descriptor to the RCU head in it. */
const RCU_HEAD = 0x50;
const poolHead: Field = (c) => x(num(c, 'pool') + RCU_HEAD);
const { dev, dir, attrs, gfp, size } = FIELDS;

/** Before patch 5 an atomic pool is not told what is wanted. */
const fromPool = (call: Call): string[] => {
  const told = call.kernel.config.patch(5);
  const wanted = arg(call, 'shared') === true ? 'CC_SHARED' : '';
  const fields: Record<string, Field> = { dev, size: numberOf('size'), gfp: () => x(GFP.GFP_ATOMIC) };
  if (told) fields.attrs = () => x(attrBits(wanted));
  return entry('dma_alloc_from_pool', fields)(call);
};

/** Before patch 17 the RCU callback frees, from 17 the work. */
const dynFree: Events = {
  entry: (c) =>
    c.kernel.config.patch(17)
      ? entry('swiotlb_dyn_free_work', { work: poolHead })(c)
      : entry('swiotlb_dyn_free', { rcu: poolHead })(c),
  exit: (c) =>
    exit(c.kernel.config.patch(17) ? 'swiotlb_dyn_free_work' : 'swiotlb_dyn_free', null)(c, undefined),
};

const conversion = (event: string): Events => ({
  entry: entry(event, { addr: hexOf('addr'), numpages: numberOf('numpages') }),
  exit: exit(event, decimal),
});

/** By the simulator's function. Those that are not here are not probed. */
export const CALLS: Readonly<Record<string, Events>> = {
  dma_map_phys: {
    entry: entry('kp_dma_map_phys', { dev, phys: hexOf('phys'), size, dir, attrs }, 'dma_map_phys'),
    exit: (c, ret) => mapped(c, Number(ret)),
  },
  dma_unmap_phys: {
    entry: entry('kp_dma_unmap_phys', { dev, addr: hexOf('dma'), size, dir, attrs }, 'dma_unmap_phys'),
    exit: unmapped,
  },
  dma_map_sg_attrs: { exit: (c, ret) => mappedList(c, Number(ret)) },
  dma_unmap_sg_attrs: { entry: unmappedList },
  dma_sync_single_for_cpu: { exit: synced('dma_sync_single_for_cpu') },
  dma_sync_single_for_device: { exit: synced('dma_sync_single_for_device') },
  swiotlb_map: { entry: bounced },
  iommu_dma_map_swiotlb: { entry: bounced },
  swiotlb_tbl_map_single: {
    entry: (c) =>
      entry('swiotlb_tbl_map_single', {
        dev,
        orig: () => x((c.frame.req as { orig_addr: number }).orig_addr),
        size,
        align: () => x((c.frame.req as { alloc_align_mask: number }).alloc_align_mask),
        dir,
        attrs,
      })(c),
    exit: exit('swiotlb_tbl_map_single'),
  },
  swiotlb_tbl_unmap_single: {
    entry: entry(
      'swiotlb_tbl_unmap_single',
      { dev, tlb: hexOf('tlb'), size, dir, attrs, pool: hexOf('pool') },
      '__swiotlb_tbl_unmap_single',
    ),
  },
  swiotlb_bounce: { entry: entry('swiotlb_bounce', { dev, tlb: hexOf('tlb'), size, dir }) },
  swiotlb_alloc_pool: { entry: entry('swiotlb_alloc_pool', { dev }), exit: exit('swiotlb_alloc_pool') },
  swiotlb_dyn_alloc: {
    entry: entry('swiotlb_dyn_alloc', { work: (c) => x(c.kernel.state.mems[0]!.addr + RCU_HEAD) }),
    exit: exit('swiotlb_dyn_alloc', null),
  },
  swiotlb_dyn_free: dynFree,
  swiotlb_free_tlb: { entry: entry('swiotlb_free_tlb', { vaddr: hexOf('vaddr'), bytes: numberOf('bytes') }) },
  set_memory_decrypted: conversion('set_memory_decrypted'),
  set_memory_encrypted: conversion('set_memory_encrypted'),
  dma_alloc_from_pool: { entry: fromPool, exit: exit('dma_alloc_from_pool') },
  dma_free_from_pool: {
    entry: entry('dma_free_from_pool', { dev, start: hexOf('vaddr'), size: numberOf('size') }),
    exit: exit('dma_free_from_pool', decimal),
  },
  dma_free_from_pool_phys: {
    entry: entry('dma_free_from_pool_phys', { dev, phys: hexOf('phys'), size: numberOf('size') }),
    exit: exit('dma_free_from_pool_phys', decimal),
  },
  atomic_pool_work_fn: { entry: entry('atomic_pool_work_fn', {}) },
  atomic_pool_expand: {
    entry: entry('atomic_pool_expand', {
      pool: (c) => x(POOLS + 0x100 * ['kernel', 'dma32', 'dma'].indexOf(String(c.frame.name))),
      size,
      gfp: () => x(GFP.GFP_KERNEL),
    }),
    exit: exit('atomic_pool_expand', decimal),
  },
  dma_alloc_attrs: {
    entry: entry('dma_alloc_attrs', { dev, size, gfp, attrs }),
    exit: (c, ret) => [
      memory('dma_alloc', c, num(c, 'dma'), Number(ret), `flags=${gfpOf(c)} attrs=${attrsOf(c)}`),
      ...exit('dma_alloc_attrs')(c, ret),
    ],
  },
  dma_free_attrs: {
    entry: (c) => [
      ...entry('dma_free_attrs', {
        dev,
        size,
        cpu_addr: hexOf('cpu_addr'),
        dma_handle: hexOf('dma'),
        attrs,
      })(c),
      memory('dma_free', c, num(c, 'dma'), num(c, 'cpu_addr'), `attrs=${attrsOf(c)}`),
    ],
  },
  dma_alloc_pages: {
    exit: (c, ret) => [memory('dma_alloc_pages', c, num(c, 'dma'), Number(ret), `flags=${gfpOf(c)} attrs=`)],
  },
  dma_free_pages: {
    entry: (c) => [memory('dma_free_pages', c, num(c, 'dma'), num(c, 'page'), 'attrs=')],
  },
  dma_direct_alloc: {
    entry: entry('dma_direct_alloc', { dev, size, gfp, attrs }),
    exit: exit('dma_direct_alloc'),
  },
  dma_direct_free: {
    entry: entry('dma_direct_free', {
      dev,
      size,
      cpu_addr: hexOf('cpu_addr'),
      dma_addr: hexOf('dma'),
      attrs,
    }),
    exit: exit('dma_direct_free', null),
  },
  dma_direct_alloc_pages: {
    entry: entry('dma_direct_alloc_pages', { dev, size, dir, gfp }),
    exit: exit('dma_direct_alloc_pages'),
  },
  dma_direct_free_pages: {
    entry: entry('dma_direct_free_pages', { dev, size, page: hexOf('page'), dma_addr: hexOf('dma') }),
    exit: exit('dma_direct_free_pages', null),
  },
  dma_free_contiguous: {
    entry: entry('dma_free_contiguous', { dev, page: hexOf('phys'), size }),
  },
  vmap: {
    entry: (c) =>
      entry(
        c.task.stack.some(({ fn }) => fn.startsWith('iommu'))
          ? 'dma_common_pages_remap'
          : 'dma_common_contiguous_remap',
        {},
      )(c),
  },
  vunmap: { entry: entry('vunmap', { addr: hexOf('vaddr') }) },
};

/** Where the pointers to the atomic pools would stand. */
const POOLS = 0x3000_8000;
