import type { MachineSpec } from '../src/lts/types.ts';
import { editMachine } from '../src/lts/variant.ts';
import type { Facts } from './facts.ts';
import type { MachineFile } from './machine-file.ts';

/**
 * A machine of the specification as it is with the given patches and facts: the transitions of each missing
 * patch are put back, the fact guards decided.
 * @param patches numbers of the patches that are applied (1..20)
 */
export function build(file: MachineFile, patches: ReadonlySet<number>, facts: Facts): MachineSpec {
  const missing = Object.entries(file.without ?? {})
    .filter(([patch]) => !patches.has(Number(patch)))
    .flatMap(([, edits]) => edits);
  const machine = editMachine(file.machine, missing);
  const guards = file.guards?.(facts);
  return {
    name: file.name,
    alphabet: file.alphabet,
    machine: guards === undefined ? machine : (machine.provide({ guards } as never) as typeof machine),
  };
}
