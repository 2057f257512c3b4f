/**
 * A run in the Informal Trace Format (Apalache ADR-015), which the viewers of Apalache and Quint show: a state after
 * each step, a variable for each machine, and the action that was taken.
 */
import { type Network, type Path, stateText, takeStep } from '../lts/index.ts';

/** What is said of the run. */
export interface ItfHeading {
  readonly title: string;
  /** The step from which on the run is repeated for ever; absent when it ends. */
  readonly loop?: number;
}

/** @throws PathError when a step of the path is not enabled. */
export function itf(network: Network, path: Path, { title, loop }: ItfHeading): string {
  const names = network.instances.map(({ name }) => name);
  let locals: readonly number[] = network.initial;
  const stateOf = (index: number, action: string) => ({
    '#meta': { index },
    action_taken: action,
    ...Object.fromEntries(
      names.map((name, i) => [name, stateText(network.instances[i]!.lts.states[locals[i]!]!)]),
    ),
  });
  const states = [stateOf(0, 'init')];
  path.forEach((event, n) => {
    const step = takeStep(network, locals, event);
    if ('blockedBy' in step) throw new RangeError(`step ${n + 1} of the path is not enabled`);
    locals = step.next;
    states.push(stateOf(n + 1, network.events[event]!.label));
  });
  const body = {
    '#meta': {
      format: 'ITF',
      'format-description': 'https://apalache-mc.org/docs/adr/015adr-trace.html',
      description: title,
    },
    vars: ['action_taken', ...names],
    states,
    ...(loop === undefined ? {} : { loop }),
  };
  return `${JSON.stringify(body, null, 1)}\n`;
}
