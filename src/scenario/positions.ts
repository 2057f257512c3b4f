/** Where the running code stands in a scenario's sources, told from the stack. */
import type { SourceMap } from 'node:module';
import { type Position, ScenarioError } from './errors.ts';

/** Deep helpers of a scenario still end in its file. */
const FRAMES = 60;

/** Positions in one module that was made from a scenario file. */
export class Positions {
  readonly #url: string;
  readonly #map: SourceMap;
  readonly #name: (source: string) => string;

  /**
   * @param url address of the module, as stack frames name it
   * @param map from the module to its sources
   * @param name the name of a source for messages
   */
  constructor(url: string, map: SourceMap, name: (source: string) => string) {
    this.#url = url;
    this.#map = map;
    this.#name = name;
  }

  /** The innermost place of the scenario that the caller was called from; null outside a run. */
  here(): Position | null {
    return this.#first(framesOf(() => new Error('where')));
  }

  /** The innermost place of the scenario in the stack of an error that was thrown; null when it is not from there. */
  of(error: unknown): Position | null {
    if (!(error instanceof Error)) return null;
    const stack = error.stack ?? '';
    // The address holds the whole module: only what follows it is of interest.
    for (let at = stack.indexOf(this.#url); at >= 0; at = stack.indexOf(this.#url, at + 1)) {
      const found = /^:(\d+):(\d+)/.exec(stack.slice(at + this.#url.length));
      const position = found === null ? null : this.#source(Number(found[1]), Number(found[2]));
      if (position !== null) return position;
    }
    return null;
  }

  /** An error that the scenario's own code threw, as a message with its place. */
  explain(error: unknown, when: string): ScenarioError {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : `${String(error)} was thrown`;
    const position = this.of(error);
    return new ScenarioError(position === null ? `${text} (${when})` : text, position);
  }

  #first(frames: readonly NodeJS.CallSite[]): Position | null {
    for (const frame of frames) {
      if (frame.getFileName() !== this.#url && frame.getScriptNameOrSourceURL?.() !== this.#url) continue;
      const position = this.#source(frame.getLineNumber() ?? 1, frame.getColumnNumber() ?? 1);
      if (position !== null) return position;
    }
    return null;
  }

  #source(line: number, column: number): Position | null {
    const entry = this.#map.findEntry(line - 1, column - 1);
    if (!('originalSource' in entry) || entry.originalSource === undefined) return null;
    return {
      file: this.#name(entry.originalSource),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }
}

/** Frames as objects: their text depends on who else has a say in how stacks are printed. */
function framesOf(make: () => Error): readonly NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = FRAMES;
    Error.prepareStackTrace = (_, frames) => frames;
    return make().stack as unknown as NodeJS.CallSite[];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
