/**
 * Arm CCA realm: arch/arm64/mm/pageattr.c.
 *
 * Entries of the whole area become invalid and carry the new bit, the realm manager is asked range by
 * range, the entries become valid. A call that fails leaves the linear map invalid.
 */
import type { Kernel } from '../kernel.ts';
import { isLinear, PTE_INVALID } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { changeHost, changeTable, EINVAL, ENOMEM, hostCall, rangesOf } from './protocol.ts';

function* convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
  if (!isLinear(k.state.memory, addr)) return -EINVAL;
  const f = enter(t, { fn: '__set_memory_enc_dec', at: 0, addr, numpages, to, range: 0 });
  if ((yield atChoice(f, 1, 'conversion_begin', ANY_ANSWER, { to: f.to })) === 'fail') {
    leave(t);
    return -ENOMEM;
  }
  changeTable(k, f, PTE_INVALID);
  for (; f.range < rangesOf(f.numpages); f.range++) {
    const args = hostCall(f, f.range, rangesOf(f.numpages));
    if ((yield atChoice(f, 2, 'host_call', ANY_ANSWER, args)) === 'fail') {
      leave(t);
      return -EINVAL;
    }
    changeHost(k, f, f.range);
  }
  // Making entries valid again allocates nothing, so there is no choice in it.
  yield at(f, 3, 'conversion_end', { to: f.to });
  changeTable(k, f, 0, PTE_INVALID);
  leave(t);
  return 0;
}

/** The protocol. */
export const cca: Arch = { maySleep: true, convert };
