/** One generated file, and what to look at when it comes out otherwise. */
export interface GeneratedFile {
  /** Relative to `generated/`, with `/`. */
  readonly path: string;
  readonly content: string;
  /** What it was made from, for the drift check: `the path suite of dynamic-pools, v5, cca`. */
  readonly cause: string;
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
