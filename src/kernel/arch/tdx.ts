/**
 * Intel TDX: arch/x86/mm/pat/set_memory.c, arch/x86/coco/tdx/tdx.c.
 *
 * To shared: page tables of the whole area, then the host is told (MapGPA), range by range. To private:
 * the host is told and the pages accepted, range by range, then the page tables. A host call that fails
 * stops there and undoes nothing, so the two halves of the truth differ.
 */
import type { Kernel } from '../kernel.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { changeHost, changeTable, EBUSY, EINVAL, EIO, ENOMEM, hostCall, rangesOf } from './protocol.ts';
import { notLinear } from './x86.ts';

function* convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
  if (notLinear(k, addr)) return -EINVAL;
  const f = enter(t, { fn: '__set_memory_enc_pgtable', at: 0, addr, numpages, to, range: 0 });
  if ((yield atChoice(f, 1, 'conversion_begin', ANY_ANSWER, { to: f.to })) === 'fail') {
    leave(t);
    return -EBUSY;
  }
  if (f.to === 'shared') changeTable(k, f);
  for (; f.range < rangesOf(f.numpages); f.range++) {
    const args = hostCall(f, f.range, rangesOf(f.numpages));
    if ((yield atChoice(f, 2, 'host_call', ANY_ANSWER, args)) === 'fail') {
      leave(t);
      return -EIO;
    }
    changeHost(k, f, f.range);
  }
  if (f.to === 'private') {
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
export const tdx: Arch = { maySleep: true, convert };
