/** What is wrong with a scenario, told to the one who wrote it. */
import { distance } from 'fastest-levenshtein';

/** A place in a scenario's source. Lines and columns count from 1. */
export interface Position {
  /** As the user named it, or relative to the working folder. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A mistake in a scenario file: the run ends there. Its message begins with `FILE:LINE: `, where a line is known. */
export class ScenarioError extends Error {
  readonly position: Position | null;

  constructor(message: string, position: Position | null) {
    super(position === null ? message : `${position.file}:${position.line}: ${message}`);
    this.name = 'ScenarioError';
    this.position = position;
  }
}

/** The scenario goes on with what a call did not deliver (NULL, DMA_MAPPING_ERROR): nothing more can be run. */
export class ScenarioStopped extends Error {
  readonly position: Position | null;

  constructor(message: string, position: Position | null) {
    super(message);
    this.name = 'ScenarioStopped';
    this.position = position;
  }
}

/** `; nearest: X`, the accepted name that is written most alike; empty when there is none. */
export function nearestTo(value: string, accepted: readonly string[]): string {
  let best: readonly [number, string] | undefined;
  for (const name of accepted) {
    const d = distance(value.toLowerCase(), name.toLowerCase());
    if (best === undefined || d < best[0]) best = [d, name];
  }
  return best === undefined ? '' : `; nearest: ${best[1]}`;
}
