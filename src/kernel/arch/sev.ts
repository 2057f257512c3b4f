/**
 * AMD SEV and SEV-ES guests, and the SME host: the C-bit in the page table is all there is
 * (arch/x86/mm/pat/set_memory.c, arch/x86/mm/mem_encrypt_amd.c). A guest's host is only notified, for migration,
 * and its answer is not looked at.
 *
 * The page table is changed entry by entry, and an entry that has to be split may lack memory: then those before
 * it are changed already. A guest can also be refused before anything changes, while conversions are stopped
 * (kexec).
 */
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { changeBoth, EBUSY, EINVAL, ENOMEM, hostCall, rangesOf } from './protocol.ts';
import { notLinear } from './x86.ts';

function protocol(canBeBusy: boolean): Arch['convert'] {
  return function* convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
    if (notLinear(k, addr)) return -EINVAL;
    const f = enter(t, { fn: '__set_memory_enc_pgtable', at: 0, addr, numpages, to, range: 0 });
    if (canBeBusy && (yield atChoice(f, 1, 'conversion_begin', ANY_ANSWER, { to: f.to })) === 'fail') {
      leave(t);
      return -EBUSY;
    }
    for (; f.range < rangesOf(f.numpages); f.range++) {
      const args = hostCall(f, f.range, rangesOf(f.numpages));
      if ((yield atChoice(f, 2, 'change_page_attr', ANY_ANSWER, args)) === 'fail') {
        leave(t);
        return -ENOMEM;
      }
      changeBoth(k, f, f.range);
    }
    leave(t);
    return 0;
  };
}

/** A guest's protocol. */
export const sev: Arch = { maySleep: true, convert: protocol(true) };
/** The protocol of a host with SME. */
export const sme: Arch = { maySleep: true, convert: protocol(false) };
