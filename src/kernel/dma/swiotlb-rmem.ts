/**
 * Restricted pools: a device is attached to its reserved region (kernel/dma/swiotlb.c: rmem_swiotlb_device_init,
 * rmem_swiotlb_device_release). Patches 7 and 18 act here.
 *
 * Nothing locks `rmem->priv`: two devices that are probed at once can both find it empty.
 */
import { set_memory_decrypted } from '../arch/set-memory.ts';
import { DEFAULT_MEM, DEFPOOL_OFFSET, describePool, emptyMem } from '../boot.ts';
import { cc_platform_has_mem_encrypt, deviceOf } from '../device.ts';
import type { Kernel } from '../kernel.ts';
import { PageHighMem, phys_to_virt } from '../memory.ts';
import { giveObject, takeObject } from '../slab.ts';
import type { IoTlbMem } from '../state.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';
import { add_mem_pool, enterPool, pagesOf } from './swiotlb-boot.ts';

const ENOMEM = 12;
const EINVAL = 22;

/**
 * `rmem_swiotlb_device_init()`: the first device of the region makes its `io_tlb_mem` and converts the region
 * (from 7: only with memory encryption), later ones share it. From 18 a failed conversion fails the init, and the
 * next device starts afresh; before, nobody looks. A device whose init fails keeps the pool it had.
 */
export function* rmem_swiotlb_device_init(k: Kernel, t: Task, device: number): Run {
  const f = enter(t, {
    fn: 'rmem_swiotlb_device_init',
    at: 0,
    device,
    mem: 0,
    slots: 0,
    areas: 0,
    unencrypted: null as boolean | null,
    ret: 0,
  });
  const region = k.state.regions[0]!;
  if (PageHighMem(k.state.memory, region.phys)) f.ret = -EINVAL;
  else {
    yield at(f, 1, 'READ_ONCE', { field: 'rmem.priv' });
    f.mem = region.priv;
    k.note(f.mem);
    if (f.mem === 0) f.ret = yield* makeMem(k, t, f);
    if (f.ret === 0) {
      yield at(f, 2, 'WRITE_ONCE', { field: 'dma_io_tlb_mem' });
      deviceOf(k, f.device).io_tlb_mem = f.mem;
    }
  }
  yield at(f, 9, 'rmem_device_init_ret', { device: f.device, ret: f.ret });
  leave(t);
}

type RmemFrame = {
  readonly fn: string;
  at: number;
  mem: number;
  slots: number;
  areas: number;
  unencrypted: boolean | null;
  ret: number;
};

/** The `io_tlb_mem` of a region, made by the first device; works on the caller's frame. */
function* makeMem(k: Kernel, t: Task, f: RmemFrame): Run<number> {
  f.mem = yield* kzalloc(k, t, f, 3, 'io_tlb_mem');
  if (f.mem === 0) return -ENOMEM;
  f.slots = yield* kzalloc(k, t, f, 4, 'io_tlb_slot');
  if (f.slots === 0) return yield* unwind(k, f, -ENOMEM);
  f.areas = yield* kzalloc(k, t, f, 5, 'io_tlb_area');
  if (f.areas === 0) return yield* unwind(k, f, -ENOMEM);
  const { phys, nslabs } = k.state.regions[0]!;
  f.unencrypted = k.config.patch(7) ? cc_platform_has_mem_encrypt(k) : null;
  if (f.unencrypted !== false) {
    const ret = yield* set_memory_decrypted(k, t, phys_to_virt(phys), pagesOf(nslabs));
    if (ret !== 0 && k.config.patch(18)) {
      f.ret = ret;
      return yield* unwind(k, f, ret);
    }
  }
  const mem: IoTlbMem = {
    ...emptyMem(k.config, f.mem, f.mem + DEFPOOL_OFFSET),
    force_bounce: true,
    for_alloc: true,
    unencrypted: f.unencrypted,
  };
  const { mems } = k.state;
  mems.push(mem);
  mems.sort((a, b) => a.addr - b.addr);
  enterPool(k, describePool(mem.defpool, phys, nslabs, 1, f.slots, f.areas));
  yield* add_mem_pool(k, t, f.mem, f.mem + DEFPOOL_OFFSET);
  yield at(f, 6, 'WRITE_ONCE', { field: 'rmem.priv' });
  k.state.regions[0]!.priv = f.mem;
  return 0;
}

/** `kzalloc(GFP_KERNEL)`: a descriptor's address, 0 when there is no memory. */
function* kzalloc(k: Kernel, t: Task, f: RmemFrame, n: number, what: string): Run<number> {
  const answer = yield atChoice(f, n, 'kzalloc', ANY_ANSWER, { what, gfp: 'GFP_KERNEL' });
  k.might_sleep(t);
  const addr = answer === 'ok' ? takeObject(k, what) : 0;
  k.note(addr);
  return addr;
}

/** Free what was made, newest first. The pages of the region stay as they are: they are nobody else's. */
function* unwind(k: Kernel, f: RmemFrame, ret: number): Run<number> {
  f.ret = ret;
  if (f.areas !== 0) {
    yield at(f, 7, 'kfree', { what: 'io_tlb_area', pool: f.areas });
    giveObject(k, f.areas);
    f.areas = 0;
  }
  if (f.slots !== 0) {
    yield at(f, 8, 'kfree', { what: 'io_tlb_slot', pool: f.slots });
    giveObject(k, f.slots);
    f.slots = 0;
  }
  yield at(f, 10, 'kfree', { what: 'io_tlb_mem', pool: f.mem });
  giveObject(k, f.mem);
  f.mem = 0;
  return f.ret;
}

/** `rmem_swiotlb_device_release()`: the device goes back to the default `io_tlb_mem`; the region is kept. */
export function* rmem_swiotlb_device_release(k: Kernel, t: Task, device: number): Run {
  const f = enter(t, { fn: 'rmem_swiotlb_device_release', at: 0, device });
  yield at(f, 1, 'WRITE_ONCE', { field: 'dma_io_tlb_mem' });
  deviceOf(k, f.device).io_tlb_mem = DEFAULT_MEM;
  yield at(f, 2, 'rmem_device_release_ret', { device: f.device });
  leave(t);
}
