/** Judges one path by the safety properties of a system: no graph is needed, and every step is looked at. */
import { type Network, type Path, type Property, runPath } from '../lts/index.ts';

export interface PathViolation {
  readonly property: string;
  /** Number of the step, from 1; 0 is the initial state. */
  readonly step: number;
  readonly site: string;
  /** Which part of the property was false. */
  readonly because: string;
}

/**
 * The invariants that become false and the forbidden events that are taken on a path, in the order of steps.
 * An invariant that stays false is told once. @throws PathError as `runPath`.
 */
export function pathViolations(
  network: Network,
  properties: readonly Property[],
  path: Path,
): PathViolation[] {
  const states = runPath(network, path);
  const locals = (at: number, over: readonly string[]) =>
    over.map((name) => {
      const i = network.instances.findIndex((instance) => instance.name === name);
      return network.instances[i]!.lts.states[states[at]![i]!]!;
    });
  const found: PathViolation[] = [];
  const wasFalse = new Set<string>();
  for (let at = 0; at < states.length; at++) {
    const event = at === 0 ? undefined : network.events[path[at - 1]!]!;
    for (const property of properties) {
      const { name, kind } = property;
      if (kind === 'forbidden' && event !== undefined) {
        const before = locals(at - 1, property.over ?? []);
        if (!property.event(event) || !(property.when?.(event, ...before) ?? true)) continue;
        const site = property.site?.(event, ...before) ?? event.symbol;
        const because = property.because?.(event, ...before) ?? `${event.label} happens`;
        found.push({ property: name, step: at, site, because });
      }
      if (kind === 'invariant') {
        const judgement = property.holds(...locals(at, property.over));
        if (judgement !== true && !wasFalse.has(name)) {
          const before = event === undefined ? [] : locals(at - 1, property.over);
          const site =
            event === undefined ? '(initial state)' : (property.site?.(event, ...before) ?? event.symbol);
          found.push({ property: name, step: at, site, because: judgement });
        }
        if (judgement === true) wasFalse.delete(name);
        else wasFalse.add(name);
      }
    }
  }
  return found;
}
