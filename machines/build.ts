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
  const missing = Object.keys(file.without ?? {}).filter((patch) => !patches.has(Number(patch)));
  const guards = file.guards?.(factsWith(patches, facts));
  const answers = Object.entries(guards ?? {}).map(([name, guard]) => [name, guard()]);
  const key = JSON.stringify([missing, answers]);
  const spec = known.get(key) ?? make(file, missing, guards);
  known.set(key, spec);
  return spec;
}

/** The same object wherever the machine is the same: it is compiled once. */
const built = new WeakMap<MachineFile, Map<string, MachineSpec>>();

function make(
  file: MachineFile,
  missing: readonly string[],
  guards: ReturnType<NonNullable<MachineFile['guards']>> | undefined,
): MachineSpec {
  const edits = missing.flatMap((patch) => file.without?.[Number(patch)] ?? []);
  const machine = editMachine(file.machine, edits);
  return {
    name: file.name,
    alphabet: file.alphabet,
    machine: guards === undefined ? machine : (machine.provide({ guards } as never) as typeof machine),
  };
}
