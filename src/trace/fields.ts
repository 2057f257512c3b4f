/** The arguments of an event, by name, in the order in which they are printed. */
import { detach } from './text.ts';

/** The names of an event's fields; one object for all lines that print the same names. */
export interface Shape {
  readonly names: readonly string[];
  readonly index: ReadonlyMap<string, number>;
}

/** Values are as printed; strings without their quotes. */
export class Fields {
  constructor(
    readonly shape: Shape,
    readonly values: readonly string[],
  ) {}

  get names(): readonly string[] {
    return this.shape.names;
  }

  get(name: string): string | undefined {
    const at = this.shape.index.get(name);
    return at === undefined ? undefined : this.values[at];
  }

  has(name: string): boolean {
    return this.shape.index.has(name);
  }

  *[Symbol.iterator](): Iterator<readonly [string, string]> {
    for (const [i, name] of this.shape.names.entries()) yield [name, this.values[i]!];
  }

  /** A copy that shares no memory with the log. */
  keep(): Fields {
    return this.values.length === 0 ? this : new Fields(this.shape, this.values.map(detach));
  }
}

export function makeShape(names: readonly string[]): Shape {
  return { names, index: new Map(names.map((name, i) => [name, i])) };
}

export const NO_FIELDS = new Fields(makeShape([]), []);
