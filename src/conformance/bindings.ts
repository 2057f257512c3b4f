/** The systems that are bound to the simulator. A new one is a folder of its own and a line below. */
import { createKernel, type Kernel, type KernelConfig } from '../kernel/index.ts';
import { allocationBinding, allocationPagesBinding } from './allocation/binding.ts';
import { atomicPoolsBinding } from './atomic-pools/binding.ts';
import type { Binding } from './binding.ts';
import { bootBinding } from './boot/binding.ts';
import { dynamicPoolsBinding } from './dynamic-pools/binding.ts';
import { kernelConfig } from './facts.ts';
import { restrictedBinding } from './restricted/binding.ts';
import { restrictedInitBinding } from './restricted-init/binding.ts';
import { streamingBinding } from './streaming/binding.ts';
import type { Subject } from './subject.ts';
import { trustedBinding } from './trusted/binding.ts';

const BINDINGS: readonly Binding[] = [
  dynamicPoolsBinding,
  bootBinding,
  atomicPoolsBinding,
  allocationBinding,
  allocationPagesBinding,
  restrictedInitBinding,
  streamingBinding,
  restrictedBinding,
  trustedBinding,
];

/** The binding of a system. Throws when there is none. */
export function bindingOf(system: string): Binding {
  const binding = BINDINGS.find((known) => known.system === system);
  if (binding === undefined) throw new Error(`system '${system}' has no binding to the simulator yet`);
  return binding;
}

/** Whether a system has a binding. */
export const isBound = (system: string): boolean => BINDINGS.some((known) => known.system === system);

/** What the simulator of a subject is made from: its series, platform and options, as the system's binding sizes them. */
export function machineFor({ system, series, platform, options }: Subject): KernelConfig {
  return bindingOf(system.name).machine(kernelConfig(series, platform, options));
}

/** A fresh simulator for a subject. */
export function kernelFor(subject: Subject): Kernel {
  const kernel = createKernel(machineFor(subject));
  bindingOf(subject.system.name).prepare?.(kernel);
  return kernel;
}
