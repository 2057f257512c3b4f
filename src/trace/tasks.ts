/** Names of tasks, each kept once. */
import { detach, utf8 } from './text.ts';

const MAX_TASKS = 10_000;

export class Tasks {
  readonly #names = new Map<string, string>();
  #last = '';
  #lastName = '';

  /** The name in text[from, to), a string of its own. */
  get(text: string, from: number, to: number): string {
    if (from === to) return '';
    const last = this.#last;
    if (last.length === to - from && text.startsWith(last, from)) return this.#lastName;
    const slice = text.slice(from, to);
    let name = this.#names.get(slice);
    if (name === undefined) {
      name = utf8(detach(slice));
      if (this.#names.size >= MAX_TASKS) this.#names.clear();
      this.#names.set(detach(slice), name);
    }
    this.#last = detach(slice);
    this.#lastName = name;
    return name;
  }
}
