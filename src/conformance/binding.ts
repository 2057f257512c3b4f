/** What a binding of a system's vocabulary to the simulator's has to say. One folder for each system. */

import type { Answer, Kernel, KernelConfig, Stimulus, Task, TraceRecord } from '../kernel/index.ts';
import type { GlobalEvent } from '../lts/index.ts';

/** What the simulator is ready to do next, in the vocabulary of the system. */
export interface Offer {
  readonly actor: string;
  /** The event's type, with the parameters that are known before it happens: `type[k=v,…]`. */
  readonly event: string;
}

/** The event of a pending step, with the parameters that are known before it happens, but for an answer. */
export interface Pending {
  readonly type: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
}

/**
 * Which concrete things bear the names of the specification. A name is given at the event that creates the
 * thing, and taken back at the one that ends it; nothing else of the exchanged events is kept.
 */
export type Names = Record<string, number | null>;

export interface Binding {
  readonly system: string;
  /** The simulated machine that fits the system's assumptions: sizes, and options that it takes no notice of. */
  machine(config: KernelConfig): KernelConfig;
  /** Brings a fresh machine to where the system begins. Default: it is there. */
  prepare?(kernel: Kernel): void;
  readonly noNames: Names;

  /** The stimulus that an event stands for, or null when the event is no stimulus. */
  stimulus(event: GlobalEvent, kernel: Kernel): Stimulus | null;
  /** Stimuli that the system's world thinks of; those that the simulator accepts are offered. Default: its offers. */
  stimuli?(kernel: Kernel): readonly Stimulus[];
  /** The event of a stimulus that the simulator would accept; null where the system has no such event. */
  stimulusEvent(kernel: Kernel, stimulus: Stimulus): Offer | null;

  /** The name of the task that acts for an actor. */
  task(actor: string, kernel: Kernel): string;
  /** The actor that a task acts for; null for tasks that the system does not know. */
  actor(task: string): string | null;
  /** What a task's pending step is, but for its outcome; null when the step is hidden. */
  pendingEvent(kernel: Kernel, task: Task): Pending | null;
  /** Parameters that are known only when the step has happened, by event type. */
  readonly outcomes: Readonly<Record<string, readonly string[]>>;
  /** The answer that an event gives to a choice. */
  answer(event: GlobalEvent): Answer;
  /**
   * The answers that the system's world gives to a pending choice, out of those that are possible. Default: all.
   * To a hidden choice it gives one.
   */
  answers?(task: Task, possible: readonly Answer[]): readonly Answer[];
  /** Choices whose answer another parameter than `ok` tells: its name, by event type. Default: none. */
  readonly told?: Readonly<Record<string, string>>;
  /** The outcome of a step that has just happened: which part of the event it contradicts, or null. */
  contradicts(event: GlobalEvent, record: TraceRecord, kernel: Kernel): string | null;
  /** The names after an event that has just happened. */
  rename(names: Names, event: GlobalEvent, kernel: Kernel, record: TraceRecord): Names;

  /** By instance: the local state that the simulator is in, as `stateText` writes it. */
  readonly projection: Readonly<Record<string, (kernel: Kernel, names: Names) => string>>;
  /**
   * By instance: what of its context the simulator's memory does not tell, with the reason. It is not compared;
   * every other difference between local states is.
   */
  readonly unseen?: Readonly<
    Record<string, { readonly context: readonly string[]; readonly because: string }>
  >;
  /**
   * By task: the instance that is its RCU read-side section. A hidden step may leave it, which only allows others
   * more, so that it is not compared while such a step is outstanding. Default: none.
   */
  readonly sections?: Readonly<Record<string, string>>;
}

/**
 * `type[k=v,…]`. Parameters stand in the order given, which must be the alphabet's: this is asked millions of
 * times, and two texts that should be equal and are not are found at the first step.
 */
export function offerText(
  type: string,
  params: Readonly<Record<string, string | number | boolean>> = {},
): string {
  let text = type;
  let mark = '[';
  for (const name in params) {
    text += `${mark}${name}=${params[name]}`;
    mark = ',';
  }
  return mark === '[' ? text : `${text}]`;
}

/** The offer of an answer to a choice. */
export const answered = (offer: string, ok: boolean): string => `${offer} ${ok ? 'ok' : 'fail'}`;

/** The part of an event that is known before it happens. */
export function expectedOffer(
  event: GlobalEvent,
  binding: Pick<Binding, 'outcomes' | 'told' | 'answer'>,
): Offer {
  const teller = binding.told?.[event.type] ?? 'ok';
  const choice = event.kind === 'choice' && teller in event.params;
  const unknown = [...(binding.outcomes[event.type] ?? []), ...(choice ? [teller] : [])];
  const params = Object.fromEntries(
    Object.entries(event.params)
      .filter(([name]) => !unknown.includes(name))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  const text = offerText(event.type, params);
  return { actor: event.actor, event: choice ? answered(text, binding.answer(event) === 'ok') : text };
}
