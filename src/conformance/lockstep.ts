/**
 * Specification and simulator in lockstep: stimuli drive the simulator, choices resume it, observations must be
 * what the named actor does next. After every step the simulator's state, seen through the projection, must be
 * the specification's, and what the simulator is ready to do must be what the specification enables: no more,
 * no less.
 */
import type { Kernel, Task, TraceRecord } from '../kernel/index.ts';
import { type GlobalEvent, type LocalState, type Network, stateText } from '../lts/index.ts';
import { answered, type Binding, expectedOffer, type Names, offerText } from './binding.ts';

/** Where specification and simulator part. */
export interface Mismatch {
  readonly part: 'offer' | 'event' | 'outcome' | 'state';
  readonly actor: string;
  /** Kernel symbol of the step at which they part. */
  readonly site: string;
  readonly expected: string;
  readonly happened: string;
}

/** A network and its binding, prepared: everything that does not change from step to step. */
export class Bound {
  readonly network: Network;
  readonly binding: Binding;
  /** By global event: the index of its offer. */
  readonly offerOf: Int32Array;
  readonly offers: readonly string[];
  readonly #offerIndex = new Map<string, number>();
  readonly #ready: Uint32Array;
  readonly #wanted: Uint32Array;
  #stamp = 0;
  readonly #projections: readonly ((kernel: Kernel, names: Names) => string)[];
  /** By instance: its local states as texts. */
  readonly #texts: readonly (readonly string[])[];

  constructor(network: Network, binding: Binding) {
    this.network = network;
    this.binding = binding;
    const offers: string[] = [];
    this.offerOf = Int32Array.from(network.events, (event) => {
      const { actor, event: text } = expectedOffer(event, binding);
      return this.#intern(`${actor}: ${text}`, offers);
    });
    this.offers = offers;
    this.#ready = new Uint32Array(offers.length);
    this.#wanted = new Uint32Array(offers.length);
    this.#projections = network.instances.map(({ name }) => {
      const project = binding.projection[name];
      if (project === undefined)
        throw new Error(`the binding of '${binding.system}' has no projection for instance '${name}'`);
      return project;
    });
    this.#texts = network.instances.map(({ name, lts }) => {
      const texts = lts.states.map(stateText);
      if (new Set(texts).size !== texts.length) throw new Error(`two local states of '${name}' read alike`);
      const unseen = binding.unseen?.[name];
      return unseen === undefined ? texts : lts.states.map((state) => stateText(seen(state, unseen.context)));
    });
  }

  #intern(text: string, offers: string[]): number {
    const known = this.#offerIndex.get(text);
    if (known !== undefined) return known;
    this.#offerIndex.set(text, offers.length);
    offers.push(text);
    return offers.length - 1;
  }

  /**
   * What the simulator is ready to do: marks the offers in `#ready` with a fresh stamp and lists them; texts of
   * what the system has no event for.
   */
  ready(kernel: Kernel): { readonly known: readonly number[]; readonly unknown: readonly string[] } {
    const { binding } = this;
    this.#stamp++;
    const known: number[] = [];
    const unknown: string[] = [];
    const thought = binding.stimuli?.(kernel).filter(({ name, args }) => kernel.accepts(name, args));
    for (const stimulus of thought ?? kernel.stimuli()) {
      const offer = binding.stimulusEvent(kernel, stimulus);
      if (offer !== null) this.#mark(`${offer.actor}: ${offer.event}`, known, unknown);
    }
    for (const task of kernel.state.tasks) {
      if (task.pending === null || !kernel.runnable(task)) continue;
      const actor = binding.actor(task.name);
      const pending = actor === null ? null : binding.pendingEvent(kernel, task);
      if (pending === null) {
        unknown.push(`${actor ?? task.name}: hidden ${task.pending.name}`);
        continue;
      }
      const text = `${actor}: ${offerText(pending.type, pending.params)}`;
      const possible = kernel.answers(task.pending);
      const answers = possible === null ? null : (binding.answers?.(task, possible) ?? possible);
      if (answers !== null) {
        for (const answer of answers) this.#mark(answered(text, answer === 'ok'), known, unknown);
      } else {
        // A step that cannot fail here is no question to the world, and its event has one answer only.
        this.#mark(this.#offerIndex.has(text) ? text : answered(text, true), known, unknown);
      }
    }
    return { known, unknown };
  }

  #mark(text: string, known: number[], unknown: string[]): void {
    const index = this.#offerIndex.get(text);
    if (index === undefined) unknown.push(text);
    else if (this.#ready[index] !== this.#stamp) {
      this.#ready[index] = this.#stamp;
      known.push(index);
    }
  }

  /** Whether the last `ready` marked an offer. */
  isReady(offer: number): boolean {
    return this.#ready[offer] === this.#stamp;
  }

  /** Marks an offer as enabled by the specification, until the next `ready`. */
  want(offer: number): void {
    this.#wanted[offer] = this.#stamp;
  }

  isWanted(offer: number): boolean {
    return this.#wanted[offer] === this.#stamp;
  }

  /**
   * The first instance, at or after `from`, whose projected local state is not the given one, and what it is
   * instead.
   */
  compare(
    kernel: Kernel,
    names: Names,
    locals: ArrayLike<number>,
    from = 0,
  ): { readonly instance: number; readonly text: string } | null {
    for (let i = from; i < this.#projections.length; i++) {
      const text = this.#projections[i]!(kernel, names);
      if (text !== this.#texts[i]![locals[i]!]) return { instance: i, text };
    }
    return null;
  }
}

/** One run of the simulator along a path. */
export class Lockstep {
  readonly bound: Bound;
  readonly kernel: Kernel;
  names: Names;
  /** What the simulator did at the last step: the step of the event first, hidden ones after it. */
  records: TraceRecord[] = [];
  /**
   * For a simulator that is known to differ from the machines: differences that do not end a path are told here,
   * each once, and passed over. An instance whose state differed is not compared any more; a step of the same
   * name with other parameters is taken for the one that was expected.
   */
  readonly #onDifference: ((difference: Mismatch) => void) | null;
  readonly #differs = new Set<number>();

  constructor(bound: Bound, kernel: Kernel, onDifference: ((difference: Mismatch) => void) | null = null) {
    this.bound = bound;
    this.kernel = kernel;
    this.#onDifference = onDifference;
    this.names = bound.binding.noNames;
  }

  /** Drives the simulator with an event that both sides offer. Returns how its outcome contradicts the event. */
  take(event: GlobalEvent): Mismatch | null {
    const { binding } = this.bound;
    const { kernel } = this;
    const stimulus = binding.stimulus(event, kernel);
    const acting = binding.task(event.actor, kernel);
    if (stimulus !== null) {
      this.records = kernel.stimulate(stimulus.name, stimulus.args);
    } else {
      const step = taskOf(kernel, acting)?.pending;
      if (!step) return this.#part('event', event, 'has nothing to do');
      this.records = kernel.resume(acting, step.choice === null ? undefined : binding.answer(event));
    }
    const [record] = this.records as [TraceRecord];
    const wrong = binding.contradicts(event, record, kernel);
    if (wrong !== null) return this.#part('outcome', event, wrong);
    this.names = binding.rename(this.names, event, kernel, record);
    this.runHidden(acting);
    return null;
  }

  /** Lets a task run through the steps that no event stands for. */
  runHidden(name: string): void {
    const { binding } = this.bound;
    for (;;) {
      const task = taskOf(this.kernel, name);
      if (!task?.pending || !this.kernel.runnable(task)) return;
      if (binding.actor(name) === null || binding.pendingEvent(this.kernel, task) !== null) return;
      const possible = this.kernel.answers(task.pending);
      const [answer] = possible === null ? [] : (binding.answers?.(task, possible) ?? possible);
      this.records.push(...this.kernel.resume(name, answer));
    }
  }

  /** Compares what both sides are ready to do; `enabled` are the global events that the specification offers. */
  compareOffers(enabled: ArrayLike<number>): Mismatch | null {
    const { bound, kernel } = this;
    const { known, unknown } = bound.ready(kernel);
    const excused: string[] = [];
    for (let i = 0; i < enabled.length; i++) {
      const offer = bound.offerOf[enabled[i]!]!;
      bound.want(offer);
      if (bound.isReady(offer)) continue;
      const { actor, symbol: site, label, type } = bound.network.events[enabled[i]!]!;
      const mismatch: Mismatch = {
        part: 'offer',
        actor,
        site,
        expected: label,
        happened: this.#readyOf(actor, known),
      };
      const step = `${actor}: ${type}`;
      if (
        !this.#excuses(
          mismatch,
          known
            .map((k) => bound.offers[k]!)
            .concat(unknown)
            .some((o) => isStep(o, step)),
        )
      ) {
        return mismatch;
      }
      excused.push(step);
    }
    for (const text of unknown.concat(known.filter((o) => !bound.isWanted(o)).map((o) => bound.offers[o]!))) {
      if (excused.some((step) => isStep(text, step))) continue;
      const [actor, event] = split(text);
      return {
        part: 'offer',
        actor,
        site: siteOf(event),
        expected: `${actor} cannot do ${event}`,
        happened: 'it is ready for it',
      };
    }
    return null;
  }

  /** Compares the projected state with the specification's local states. */
  compareState(event: GlobalEvent | null, locals: ArrayLike<number>): Mismatch | null {
    const { bound, kernel, names } = this;
    for (let from = 0; ; ) {
      const difference = bound.compare(kernel, names, locals, from);
      if (difference === null) return null;
      const { instance, text } = difference;
      from = instance + 1;
      if (this.#differs.has(instance)) continue;
      const { name, lts } = bound.network.instances[instance]!;
      const mismatch: Mismatch = {
        part: 'state',
        actor: event?.actor ?? 'world',
        site: event?.symbol ?? '(initial state)',
        expected: `${name} in ${stateText(lts.states[locals[instance]!]!)}`,
        happened: `${name} in ${text}`,
      };
      if (!this.#excuses(mismatch, true)) return mismatch;
      this.#differs.add(instance);
    }
  }

  #excuses(mismatch: Mismatch, alike: boolean): boolean {
    if (this.#onDifference === null || !alike) return false;
    this.#onDifference(mismatch);
    return true;
  }

  #readyOf(actor: string, known: readonly number[]): string {
    const mine = known
      .map((offer) => this.bound.offers[offer]!)
      .filter((text) => text.startsWith(`${actor}: `));
    return mine.length === 0 ? `${actor} is ready for nothing` : mine.join(' or ');
  }

  #part(part: Mismatch['part'], event: GlobalEvent, happened: string): Mismatch {
    return { part, actor: event.actor, site: event.symbol, expected: event.label, happened };
  }
}

function taskOf(kernel: Kernel, name: string): Task | undefined {
  for (const task of kernel.state.tasks) if (task.name === name) return task;
  return undefined;
}

/** A local state without the parts of its context that are not compared. */
function seen(state: LocalState, unseen: readonly string[]): LocalState {
  const context = Object.entries(state.context as object).filter(([name]) => !unseen.includes(name));
  return { ...state, context: Object.fromEntries(context) };
}

/** Whether an offer is of the given actor and event type, whatever its parameters. */
function isStep(offer: string, step: string): boolean {
  return offer === step || (offer.startsWith(step) && '[ '.includes(offer[step.length]!));
}

function split(text: string): [string, string] {
  const at = text.indexOf(': ');
  return [text.slice(0, at), text.slice(at + 2)];
}

const siteOf = (event: string) => event.replace(/^hidden /, '').replace(/\[.*/, '');
