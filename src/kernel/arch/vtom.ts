/**
 * Hyper-V isolation with vTOM: arch/x86/hyperv/ivm.c (`hv_vtom_clear_present`, `hv_vtom_set_host_visibility`).
 *
 * Entries of the whole area become not present and carry the new encoding, the host is told in batches, and
 * the entries are made present again even after an error. So after an error all entries say the new state, and
 * of the host a prefix.
 */
import type { Kernel } from '../kernel.ts';
import { PTE_INVALID } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { changeHost, changeTable, EBUSY, EFAULT, EINVAL, hostCall, rangesOf } from './protocol.ts';
import { notLinear } from './x86.ts';

function* convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
  if (notLinear(k, addr)) return -EINVAL;
  const f = enter(t, { fn: 'hv_vtom_set_host_visibility', at: 0, addr, numpages, to, range: 0, ret: 0 });
  if ((yield atChoice(f, 1, 'conversion_begin', ANY_ANSWER, { to: f.to })) === 'fail') {
    leave(t);
    return -EBUSY;
  }
  changeTable(k, f, PTE_INVALID);
  for (; f.range < rangesOf(f.numpages); f.range++) {
    const args = hostCall(f, f.range, rangesOf(f.numpages));
    if ((yield atChoice(f, 2, 'host_call', ANY_ANSWER, args)) === 'fail') {
      f.ret = -EFAULT;
      break;
    }
    changeHost(k, f, f.range);
  }
  yield at(f, 3, 'conversion_end', { to: f.to });
  changeTable(k, f, 0, PTE_INVALID);
  leave(t);
  return f.ret;
}

/** The protocol. */
export const vtom: Arch = { maySleep: true, convert };
