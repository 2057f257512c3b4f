/** kmalloc for descriptors: lowest free address first. */
import type { Kernel } from './kernel.ts';
import { KMALLOC_START } from './memory.ts';

const OBJECT_BYTES = 0x100;

/** Take a descriptor; the caller has asked the world whether it succeeds. */
export function takeObject(k: Kernel, what: string): number {
  const { slab } = k.state;
  let addr = KMALLOC_START;
  let i = 0;
  while (i < slab.length && slab[i]!.addr === addr) {
    addr += OBJECT_BYTES;
    i++;
  }
  slab.splice(i, 0, { addr, what });
  return addr;
}

/** Give a descriptor back. A second free is a fault. */
export function giveObject(k: Kernel, addr: number): void {
  const i = k.state.slab.findIndex((o) => o.addr === addr);
  if (i < 0) k.fault('bad-free', addr, 'kfree of an object that is not allocated');
  else k.state.slab.splice(i, 1);
}
