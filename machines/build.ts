import type { MachineSpec } from '../src/lts/types.ts';
import { editMachine } from '../src/lts/variant.ts';
import { factsWith, type Scope, type SystemFacts } from './facts.ts';
import type { MachineFile } from './machine-file.ts';

/**
 * A machine of the specification as it is with the given patches and facts: the transitions of each missing
 * patch are put back, the fact guards decided.
 * @param patches numbers of the patches that are applied (1..20)
 * @param facts what the system is told, and what the instance decides for itself (default: spare blocks)
 */
export function build(
  file: MachineFile,
  patches: ReadonlySet<number>,
  facts: SystemFacts & Partial<Scope>,
): MachineSpec {
  const known = built.get(file) ?? new Map<string, MachineSpec>();
  built.set(file, known);
  const key = JSON.stringify([[...patches].sort((a, b) => a - b), facts]);
  const spec = known.get(key) ?? make(file, patches, facts);
  known.set(key, spec);
  return spec;
}

/** The same object for the same question: a network compiles each machine once. */
const built = new WeakMap<MachineFile, Map<string, MachineSpec>>();

function make(
  file: MachineFile,
  patches: ReadonlySet<number>,
  facts: SystemFacts & Partial<Scope>,
): MachineSpec {
  const missing = Object.entries(file.without ?? {})
    .filter(([patch]) => !patches.has(Number(patch)))
    .flatMap(([, edits]) => edits);
  const machine = editMachine(file.machine, missing);
  const guards = file.guards?.(factsWith(patches, facts));
  return {
    name: file.name,
    alphabet: file.alphabet,
    machine: guards === undefined ? machine : (machine.provide({ guards } as never) as typeof machine),
  };
}
