/** What conversions on x86 have in common: arch/x86/mm/pat/set_memory.c, `__set_memory_enc_pgtable()`. */
import type { Kernel } from '../kernel.ts';
import { isLinear } from '../memory.ts';

/**
 * Is this no linear address? x86 has no alias that any caller in scope would pass; nothing can be converted
 * there, and it is a fault.
 */
export function notLinear(k: Kernel, addr: number): boolean {
  if (isLinear(k.state.memory, addr)) return false;
  k.fault('bad-page', addr, 'conversion of an address outside the linear map');
  return true;
}
