/**
 * AMD SEV-SNP: arch/x86/mm/mem_encrypt_amd.c (`amd_enc_status_change_prepare`, `_finish`),
 * arch/x86/coco/sev/core.c (`set_pages_state`).
 *
 * To shared: the pages' validation is rescinded and the page state changed with the host, range by range, then
 * the page tables. To private: the page tables, then page state and validation. A page-state change that is
 * refused ends the guest; the page tables can fail with -ENOMEM.
 */
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { changeHost, changeTable, EBUSY, EINVAL, ENOMEM, guestOver, hostCall, rangesOf } from './protocol.ts';
import { notLinear } from './x86.ts';

function* convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
  if (notLinear(k, addr)) return -EINVAL;
  const f = enter(t, { fn: '__set_memory_enc_pgtable', at: 0, addr, numpages, to, range: 0 });
  if ((yield atChoice(f, 1, 'conversion_begin', ANY_ANSWER, { to: f.to })) === 'fail') {
    leave(t);
    return -EBUSY;
  }
  if (f.to === 'private') changeTable(k, f);
  for (; f.range < rangesOf(f.numpages); f.range++) {
    const args = hostCall(f, f.range, rangesOf(f.numpages));
    if ((yield atChoice(f, 2, 'host_call', ANY_ANSWER, args)) === 'fail')
      yield* guestOver(k, f, 'the host refused a page-state change');
    changeHost(k, f, f.range);
  }
  if (f.to === 'shared') {
    if ((yield atChoice(f, 3, 'conversion_end', ANY_ANSWER, { to: f.to })) === 'fail') {
      leave(t);
      return -ENOMEM;
    }
    changeTable(k, f);
  }
  leave(t);
  return 0;
}

/** The protocol. */
export const snp: Arch = { maySleep: true, convert };
