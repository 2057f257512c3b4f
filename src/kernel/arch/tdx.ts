/**
 * Intel TDX: arch/x86/mm/pat/set_memory.c, arch/x86/coco/tdx/tdx.c.
 *
 * To shared: page tables of the whole area, then the host is told (MapGPA), range by range. To private:
 * the host is told and the pages accepted, range by range, then the page tables. A host call that fails
 * stops there and undoes nothing, so the two halves of the truth differ.
 */
import type { Kernel } from '../kernel.ts';
import { changeCodes, HOST_SHARED, isLinear, loseContents, PTE_SHARED, virt_to_phys } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { EBUSY, EINVAL, EIO, ENOMEM, rangeAt, rangesOf } from './protocol.ts';

function* convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
  const f = enter(t, { fn: '__set_memory_enc_pgtable', at: 0, addr, numpages, to, range: 0 });
  const m = k.state.memory;
  if (!isLinear(m, f.addr)) {
    // x86 has no alias that any caller in scope would pass; nothing can be converted there.
    k.fault('bad-page', f.addr, 'conversion of an address outside the linear map');
    leave(t);
    return -EINVAL;
  }
  if ((yield atChoice(f, 1, 'conversion_begin', ANY_ANSWER, { to: f.to })) === 'fail') {
    leave(t);
    return -EBUSY;
  }
  if (f.to === 'shared') changeCodes(m, virt_to_phys(f.addr), f.numpages, PTE_SHARED, 0);
  for (; f.range < rangesOf(f.numpages); f.range++) {
    const args = { to: f.to, range: f.range, ranges: rangesOf(f.numpages) };
    if ((yield atChoice(f, 2, 'host_call', ANY_ANSWER, args)) === 'fail') {
      leave(t);
      return -EIO;
    }
    const r = rangeAt(virt_to_phys(f.addr), f.numpages, f.range);
    if (f.to === 'shared') changeCodes(m, r.phys, r.pages, HOST_SHARED, 0);
    else changeCodes(m, r.phys, r.pages, 0, HOST_SHARED);
    loseContents(m, r.phys, r.pages);
  }
  if (f.to === 'private') {
    if ((yield atChoice(f, 3, 'conversion_end', ANY_ANSWER, { to: f.to })) === 'fail') {
      leave(t);
      return -ENOMEM;
    }
    changeCodes(m, virt_to_phys(f.addr), f.numpages, 0, PTE_SHARED);
  }
  leave(t);
  return 0;
}

/** The protocol. */
export const tdx: Arch = { convert };
