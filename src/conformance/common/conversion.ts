/** A conversion in the simulator's words: its steps as events, and where in it a task is. */
import type { Kernel, Task } from '../../kernel/index.ts';
import type { Pending } from '../binding.ts';
import { inside, next } from './frames.ts';

type Named = Readonly<Record<string, string | number | boolean>>;

/**
 * The event of a conversion's step; null for every other step.
 *
 * @param named the parameters that say whose conversion it is (`buf`, `by`), in alphabetical order
 */
export function conversionEvent(kernel: Kernel, task: Task, named: Named): Pending | null {
  const { name, args } = task.pending!;
  const to = args.to === 'shared' ? 'decrypt' : 'encrypt';
  switch (name) {
    case 'set_memory_decrypted':
    case 'set_memory_encrypted':
      return { type: name, params: named };
    case 'set_memory_decrypted_ret':
    case 'set_memory_encrypted_ret':
      return { type: name, params: { ...named, ret: args.ret === 0 ? 'ok' : 'failed' } };
    case 'conversion_begin':
      return { type: `${to}_begin`, params: named };
    case 'host_call':
      return { type: `${to}_host_call`, params: { ...named, range: oneCall(kernel) ? 'all' : args.range! } };
    case 'change_page_attr':
      return { type: `${to}_range`, params: { ...named, range: args.range! } };
    case 'conversion_end':
      return { type: `${to}_end`, params: named };
    default:
      return null;
  }
}

/** One call is for all pages, whose result nobody looks at (powerpc). */
const oneCall = (kernel: Kernel) => kernel.config.fact('conversion') === 'powerpc';

/** The state of the machine `conversion` that a task is in; null when it converts nothing. */
export function conversionState(kernel: Kernel, task: Task | undefined): string | null {
  const to = inside(task, 'set_memory_decrypted')
    ? 'decrypt'
    : inside(task, 'set_memory_encrypted')
      ? 'encrypt'
      : null;
  if (to === null || next(task) === `set_memory_${to}ed`) return null;
  const { name, args } = task!.pending!;
  if (name === 'guest_over') return 'guestEnded';
  return `${to}ing.${stage(kernel, task!, name, args)}`;
}

function stage(kernel: Kernel, task: Task, name: string, args: Named): string {
  switch (name) {
    case 'conversion_begin':
      return 'begin';
    case 'host_call':
      return oneCall(kernel) ? 'whole' : args.range === 0 ? 'first' : 'second';
    case 'change_page_attr':
      return args.range === 0 ? 'firstRange' : 'secondRange';
    case 'conversion_end': {
      // Hyper-V makes entries present again after an error too, and remembers it meanwhile.
      const failed = (inside(task, 'hv_vtom_set_host_visibility')?.ret ?? 0) !== 0;
      return failed ? 'endAfterError' : 'end';
    }
    default:
      return args.ret === 0 ? 'done' : 'failed';
  }
}

/** The instance `guest`, where a conversion can be its end. */
export const guest = (kernel: Kernel): string => (kernel.state.ended === null ? 'running' : 'ended');
