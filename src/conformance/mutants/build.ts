/** A subject's network with a mutant in it. */
import { compileOnce, compose, type LocalLts, type Network } from '../../lts/index.ts';
import { specFacts } from '../facts.ts';
import type { Subject } from '../subject.ts';
import type { Mutant } from './generate.ts';

/**
 * The network of a subject in which every instance of the mutant's machine is the mutant. Where the tables of that
 * machine differ nowhere, nothing else does either: a system asks machines only for what they can do.
 *
 * @param network of the same subject with the intended machines
 * @returns the same object when the mutant's tables are those of the intended machine, in all instances
 * @throws CompileError for a mutant that is outside the subset
 */
export function mutatedNetwork(subject: Subject, network: Network, mutant: Mutant): Network {
  const { system, series, platform, options } = subject;
  const def = system.network(series.patches, specFacts(platform, options), (file) =>
    file.name === mutant.machine ? mutant.file : file,
  );
  const fixed = def.instances.length === network.instances.length;
  let changed = !fixed;
  const instances = network.instances.map((instance, i) => {
    const spec = def.instances[i]?.spec;
    if (spec === undefined || spec.name !== mutant.machine) return instance;
    const lts = compileOnce(spec);
    if (sameTables(instance.lts, lts)) return instance;
    changed = true;
    return { name: instance.name, lts };
  });
  if (!changed) return network;
  if (!fixed || !FIXED.has(system.name)) return compose(def);
  return { ...network, instances, initial: instances.map(({ lts }) => lts.initial) };
}

/** Systems in which alphabets alone say who takes part in what: only the mutated machine is compiled. */
const FIXED: ReadonlySet<string> = new Set(['dynamic-pools']);

function sameTables(a: LocalLts, b: LocalLts): boolean {
  return (
    a.states.length === b.states.length &&
    a.initial === b.initial &&
    a.states.every(({ key, final }, s) => key === b.states[s]!.key && final === b.states[s]!.final) &&
    a.next.every((to, k) => to === b.next[k])
  );
}
