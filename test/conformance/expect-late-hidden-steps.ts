/**
 * A step of the simulator that no event stands for changes nothing that the projection shows, and reads nothing
 * that an event of another actor changes. So it makes no difference whether it is taken at once or as late as
 * can be: held here on every path of the suites of v5.
 *
 * One thing it may do is leave an RCU read-side section, which only allows others more: while such a step is
 * outstanding the section's own instance is not compared, and an event that waits for it lets it be taken.
 */
import { expect, test } from 'vitest';
import { bindingOf, kernelFor } from '../../src/conformance/bindings.ts';
import { Bound, Lockstep } from '../../src/conformance/lockstep.ts';
import { networkOf } from '../../src/conformance/subject.ts';
import { explore, type GlobalEvent, type Graph } from '../../src/lts/index.ts';
import { transitionCover } from '../../src/paths/index.ts';
import { subject } from './subjects.ts';

/** Takes hidden steps as late as possible: before the next step of the same task, or when another waits. */
class Late extends Lockstep {
  readonly behind = new Set<string>();
  #now = false;

  override runHidden(name: string): void {
    if (this.#now) super.runHidden(name);
    else this.behind.add(name);
  }

  catchUp(names: Iterable<string> = [...this.behind]): void {
    this.#now = true;
    for (const name of names) {
      super.runHidden(name);
      this.behind.delete(name);
    }
    this.#now = false;
  }

  /** Whether the simulator would take the event now, without anybody catching up. */
  accepts(event: GlobalEvent): boolean {
    const { binding } = this.bound;
    const stimulus = binding.stimulus(event, this.kernel);
    if (stimulus !== null) return this.kernel.accepts(stimulus.name, stimulus.args);
    const task = this.kernel.state.tasks.find(({ name }) => name === binding.task(event.actor, this.kernel));
    return task !== undefined && task.pending !== null && this.kernel.runnable(task);
  }
}

function project(run: Lockstep, graph: Graph, except: ReadonlySet<string>): string[] {
  return graph.network.instances
    .filter(({ name }) => !except.has(name))
    .map(({ name }) => `${name}: ${run.bound.binding.projection[name]!(run.kernel, run.names)}`);
}

/** @param least at least so many transitions are taken while a hidden step is outstanding */
export function expectLateHiddenSteps(platform: string, system = 'dynamic-pools', least = 1000): void {
  test(`${system}, v5, ${platform}: hidden steps may be taken late`, () => {
    const v5 = subject('v5', platform, {}, system);
    const graph = explore(networkOf(v5));
    const binding = bindingOf(system);
    const sections = binding.sections ?? {};
    const bound = new Bound(graph.network, binding);
    const seen = new Uint8Array(graph.transitions);
    let late = 0;
    for (const path of transitionCover(graph)) {
      const now = new Lockstep(bound, kernelFor(v5));
      const later = new Late(bound, kernelFor(v5));
      let state = 0;
      for (const index of path) {
        const event = graph.network.events[index]!;
        later.catchUp([binding.task(event.actor, later.kernel)]);
        if (!later.accepts(event)) later.catchUp();
        // An assertion for each of a million steps would take longer than the steps.
        const parted = now.take(event) ?? later.take(event);
        if (parted !== null) expect(parted).toBeNull();
        const transition = graph.edge(state, index);
        state = graph.targets[transition]!;
        if (seen[transition] === 1) continue;
        seen[transition] = 1;
        if (later.behind.size > 0) late++;
        const leaving = new Set([...later.behind].map((task) => sections[task] ?? ''));
        const [a, b] = [project(now, graph, leaving), project(later, graph, leaving)];
        if (a.join() !== b.join())
          expect({ after: event.label, late: b }).toEqual({ after: event.label, late: a });
      }
      later.catchUp();
      // Addresses may differ: a descriptor that is freed later is given out later. What is there may not.
      const [a, b] = [project(now, graph, new Set()), project(later, graph, new Set())];
      if (a.join() !== b.join()) expect({ caughtUp: b }).toEqual({ caughtUp: a });
    }
    // The claim is about something: at many steps a hidden one was outstanding.
    expect(late).toBeGreaterThan(least);
  });
}
