/**
 * Platforms that ask for each page by a call and say nothing in the page table: Arm pKVM, s390, powerpc. None of
 * them sleeps. And no platform at all, where a conversion does nothing.
 */
import type { Kernel } from '../kernel.ts';
import { isLinear, PAGE_SIZE } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { ANY_ANSWER, atChoice, enter, leave } from '../task.ts';
import type { Arch, Target } from './protocol.ts';
import { changeBoth, EINVAL, EPERM, guestOver, hostCall, rangesOf } from './protocol.ts';

/**
 * Protected KVM guest: drivers/virt/coco/pkvm-guest/arm-pkvm-guest.c. Pages ascending; the first refusal ends it
 * and undoes nothing.
 */
export const pkvm: Arch = {
  maySleep: false,
  *convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
    if (!isLinear(k.state.memory, addr)) {
      // The physical address worked out of such an address is none of the guest's.
      k.fault('bad-page', addr, 'conversion of an address outside the linear map');
      return -EPERM;
    }
    const f = enter(t, { fn: 'pkvm_set_memory', at: 0, addr, numpages, to, range: 0 });
    for (; f.range < rangesOf(f.numpages); f.range++) {
      const args = hostCall(f, f.range, rangesOf(f.numpages));
      if ((yield atChoice(f, 1, 'host_call', ANY_ANSWER, args)) === 'fail') {
        leave(t);
        return -EPERM;
      }
      changeBoth(k, f, f.range);
    }
    leave(t);
    return 0;
  },
};

/** s390 PV guest: arch/s390/mm/init.c, arch/s390/include/asm/uv.h. A refusal panics; there is no error. */
export const s390: Arch = {
  maySleep: false,
  *convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
    const f = enter(t, { fn: 'uv_set_shared', at: 0, addr, numpages, to, range: 0 });
    for (; f.range < rangesOf(f.numpages); f.range++) {
      const args = hostCall(f, f.range, rangesOf(f.numpages));
      if ((yield atChoice(f, 1, 'host_call', ANY_ANSWER, args)) === 'fail')
        yield* guestOver(k, f, 'the ultravisor refused to share or unshare a page: panic');
      changeBoth(k, f, f.range);
    }
    leave(t);
    return 0;
  },
};

/**
 * powerpc SVM: arch/powerpc/platforms/pseries/svm.c. One call for all pages, whose result nobody looks at: after a
 * refusal the caller is told that all is well.
 */
export const powerpc: Arch = {
  maySleep: false,
  *convert(k: Kernel, t: Task, addr: number, numpages: number, to: Target): Run<number> {
    if (addr % PAGE_SIZE !== 0) return -EINVAL;
    const f = enter(t, { fn: 'uv_share_page', at: 0, addr, numpages, to });
    if ((yield atChoice(f, 1, 'host_call', ANY_ANSWER, hostCall(f, 0, 1))) === 'ok')
      for (let range = 0; range < rangesOf(f.numpages); range++) changeBoth(k, f, range);
    leave(t);
    return 0;
  },
};

/** No encryption: include/linux/set_memory.h. */
export const none: Arch = {
  maySleep: false,
  // biome-ignore lint/correctness/useYield: it does nothing, and so takes no step.
  *convert(): Run<number> {
    return 0;
  },
};
