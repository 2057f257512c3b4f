/**
 * Results kept for every configuration that answers alike.
 *
 * A run depends on its configuration only through what it read of it. Whoever answers alike to all that a run
 * read would have run alike, so its result may be taken instead; a test recomputes a sample in full.
 */
import type { ConfigRead, KernelConfig } from '../../kernel/config.ts';
import { DEFAULT_SIZES } from '../../kernel/config.ts';

/** What a configuration answers to a question that another one was asked, as text. */
export function answerOf(config: KernelConfig, { kind, name }: Pick<ConfigRead, 'kind' | 'name'>): string {
  switch (kind) {
    case 'patch':
      return text(config.patches.has(Number(name)));
    case 'fact':
      return text((config.platform as unknown as Record<string, unknown>)[name]);
    case 'option':
      return text((config.options as unknown as Record<string, unknown>)[name] ?? false);
    case 'size':
      return text(({ ...DEFAULT_SIZES, ...config.sizes } as unknown as Record<string, unknown>)[name]);
  }
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'undefined';

/** A result with the questions that it hangs on, and the answers that it got. */
export interface Kept<Result> {
  readonly result: Result;
  readonly asked: readonly (readonly [question: ConfigRead, answer: string])[];
}

/** A configuration with the answers that it has given so far: many results ask it the same. */
export class Answers {
  readonly #config: KernelConfig;
  readonly #known = new Map<string, string>();

  constructor(config: KernelConfig) {
    this.#config = config;
  }

  to(question: ConfigRead): string {
    const key = question.kind + question.name;
    let answer = this.#known.get(key);
    if (answer === undefined) {
      answer = answerOf(this.#config, question);
      this.#known.set(key, answer);
    }
    return answer;
  }
}

/** Does the result hold for this configuration? */
export function holdsFor<Result>({ asked }: Kept<Result>, answers: Answers): boolean {
  return asked.every(([question, answer]) => answers.to(question) === answer);
}

/** Results of one workload. */
export class Reuse<Result extends { readonly reads: readonly ConfigRead[] }> {
  readonly #kept: Kept<Result>[] = [];

  /** A result that holds for this configuration too, if one is kept. */
  find(config: KernelConfig, answers = new Answers(config)): Result | undefined {
    return this.#kept.find((kept) => holdsFor(kept, answers))?.result;
  }

  keep(result: Result): Kept<Result> {
    const kept: Kept<Result> = {
      result,
      asked: result.reads.map((read) => [read, text(read.value)] as const),
    };
    this.#kept.push(kept);
    return kept;
  }
}
