/**
 * Arm CCA realm: arch/arm64/mm/pageattr.c.
 *
 * Entries of the whole area become invalid and carry the new bit, the realm manager is asked range by
 * range, the entries become valid. A call that fails leaves the linear map invalid.
 */
import type { Kernel } from '../kernel.ts';
import {
  changeCodes,
  HOST_SHARED,
  isLinear,
  loseContents,
  PTE_INVALID,
  PTE_SHARED,
  virt_to_phys,
} from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, at, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { EINVAL, ENOMEM, rangeAt, rangesOf } from './protocol.ts';

function* convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
  const m = k.state.memory;
  if (!isLinear(m, addr)) return -EINVAL;
  const f = enter(t, { fn: '__set_memory_enc_dec', at: 0, addr, numpages, to, range: 0 });
  if ((yield atChoice(f, 1, 'conversion_begin', ANY_ANSWER, { to: f.to })) === 'fail') {
    leave(t);
    return -ENOMEM;
  }
  if (f.to === 'shared') changeCodes(m, virt_to_phys(f.addr), f.numpages, PTE_SHARED | PTE_INVALID, 0);
  else changeCodes(m, virt_to_phys(f.addr), f.numpages, PTE_INVALID, PTE_SHARED);
  for (; f.range < rangesOf(f.numpages); f.range++) {
    const args = { to: f.to, range: f.range, ranges: rangesOf(f.numpages) };
    if ((yield atChoice(f, 2, 'host_call', ANY_ANSWER, args)) === 'fail') {
      leave(t);
      return -EINVAL;
    }
    const r = rangeAt(virt_to_phys(f.addr), f.numpages, f.range);
    if (f.to === 'shared') changeCodes(m, r.phys, r.pages, HOST_SHARED, 0);
    else changeCodes(m, r.phys, r.pages, 0, HOST_SHARED);
    loseContents(m, r.phys, r.pages);
  }
  // Making entries valid again allocates nothing, so there is no choice in it.
  yield at(f, 3, 'conversion_end', { to: f.to });
  changeCodes(m, virt_to_phys(f.addr), f.numpages, 0, PTE_INVALID);
  leave(t);
  return 0;
}

/** The protocol. */
export const cca: Arch = { convert };
