import { compileOnce } from '../../src/lts/compile.ts';
import type { LocalEvent, MachineSpec } from '../../src/lts/types.ts';

/**
 * The local events that a machine can take when it runs alone and is offered only what `offered` allows; the
 * facts of a platform leave out many of an alphabet. A system has no more behaviour than its machines, so that no
 * other event can ever happen in it.
 */
export function alive(spec: MachineSpec, offered: (event: LocalEvent) => boolean = () => true): LocalEvent[] {
  const { events, next, initial } = compileOnce(spec);
  const open = events.map(offered);
  const taken = new Set<number>();
  const seen = new Set([initial]);
  for (const state of seen) {
    events.forEach((_, e) => {
      const after = next[state * events.length + e]!;
      if (!open[e] || after < 0) return;
      taken.add(e);
      seen.add(after);
    });
  }
  return events.filter((_, e) => taken.has(e));
}
