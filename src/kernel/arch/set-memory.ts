/**
 * `set_memory_decrypted()` and `set_memory_encrypted()`: entry, the platform's protocol, return.
 */
import type { Kernel } from '../kernel.ts';
import { changeCodes, isLinear, UNCERTAIN, virt_to_phys } from '../memory.ts';
import type { Run, Task } from '../task.ts';
import { at, enter, leave } from '../task.ts';
import { ARCH } from './index.ts';

/** Private to shared. Returns 0 or a negative errno; after an error the state is uncertain. */
export function set_memory_decrypted(k: Kernel, t: Task, addr: number, numpages: number): Run<number> {
  return convert(k, t, 'set_memory_decrypted', addr, numpages);
}

/** Shared to private. Returns 0 or a negative errno; after an error the state is uncertain. */
export function set_memory_encrypted(k: Kernel, t: Task, addr: number, numpages: number): Run<number> {
  return convert(k, t, 'set_memory_encrypted', addr, numpages);
}

function* convert(
  k: Kernel,
  t: Task,
  fn: 'set_memory_decrypted' | 'set_memory_encrypted',
  addr: number,
  numpages: number,
): Run<number> {
  const f = enter(t, { fn, at: 0, addr, numpages, mayNotSleep: false as boolean, ret: 0 });
  yield at(f, 1, f.fn, { addr: f.addr, numpages: f.numpages });
  const arch = ARCH[k.config.fact('conversion')];
  if (arch.maySleep) f.mayNotSleep = !k.might_sleep(t);
  const to = f.fn === 'set_memory_decrypted' ? 'shared' : 'private';
  f.ret = yield* arch.convert(k, t, f.addr, f.numpages, to);
  settle(k, f);
  yield at(f, 2, `${f.fn}_ret`, { addr: f.addr, numpages: f.numpages, ret: f.ret });
  leave(t, f.ret);
  return f.ret;
}

/** After an error nobody knows the state; after a success of the whole range it is known again. */
function settle(k: Kernel, f: { addr: number; numpages: number; ret: number }): void {
  const { memory } = k.state;
  if (!isLinear(memory, f.addr)) return;
  const uncertain = f.ret !== 0;
  changeCodes(memory, virt_to_phys(f.addr), f.numpages, uncertain ? UNCERTAIN : 0, uncertain ? 0 : UNCERTAIN);
}
