import type { Binding } from './binding.ts';
import { dynamicPoolsBinding } from './dynamic-pools/binding.ts';

const BINDINGS: readonly Binding[] = [dynamicPoolsBinding];

/** The binding of a system. Throws when there is none. */
export function bindingOf(system: string): Binding {
  const binding = BINDINGS.find((known) => known.system === system);
  if (binding === undefined) throw new Error(`system '${system}' has no binding to the simulator yet`);
  return binding;
}
