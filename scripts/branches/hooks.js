// Loads instrumented sources in the place of the files. Runs in the loader's own thread.
import { transformSync } from 'esbuild';

/** By the file's address: TypeScript with counters. */
let sources = new Map();

export function initialize(data) {
  sources = data;
}

export function load(url, context, nextLoad) {
  const code = sources.get(url.split('?')[0]);
  if (code === undefined) return nextLoad(url, context);
  const { code: source } = transformSync(code, { loader: 'ts', target: 'node20', sourcefile: url });
  return { format: 'module', source, shortCircuit: true };
}
