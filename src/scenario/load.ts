/**
 * A scenario file as a module: read, its types taken off, run from memory. The file may import others beside
 * it; nothing is written, and each run gets a module of its own, so that no state is carried from run to run.
 */
import { existsSync, statSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { build, type Message } from 'esbuild';
import { ScenarioError } from './errors.ts';
import { Positions } from './positions.ts';

/** A scenario file that can be run. */
export interface Loaded {
  /** As the user named it. */
  readonly file: string;
  /** A fresh module: its exports, and how to tell where in the sources the running code stands. */
  fresh(): Promise<{ readonly exports: Readonly<Record<string, unknown>>; readonly positions: Positions }>;
}

let modules = 0;

/**
 * Read a scenario file.
 * @throws ScenarioError when there is no such file, or its syntax or an import is wrong
 */
export async function loadScenario(file: string): Promise<Loaded> {
  const path = resolve(file);
  if (!existsSync(path)) throw new ScenarioError(`cannot read ${file}: there is no such file`, null);
  if (!statSync(path).isFile()) throw new ScenarioError(`cannot read ${file}: it is a folder`, null);
  const name = (source: string): string => {
    const full = isAbsolute(source) ? source : resolve(dirname(path), source);
    if (full === path) return file;
    const near = relative(process.cwd(), full);
    return near.startsWith('..') ? full : near;
  };
  const { code, map } = await compile(path, (at) => (at === path ? file : name(at)));
  const sourceMap = new SourceMap(map);
  return {
    file,
    fresh: async () => {
      // The number makes the address, and so the module, a new one.
      const url = `data:text/javascript;charset=utf-8,${encodeURIComponent(`${code}\n//${++modules}`)}`;
      const positions = new Positions(url, sourceMap, name);
      try {
        return { exports: (await import(url)) as Record<string, unknown>, positions };
      } catch (error) {
        if (error instanceof ScenarioError) throw error;
        throw positions.explain(error, 'while the file was loaded');
      }
    },
  };
}

async function compile(
  path: string,
  name: (source: string) => string,
): Promise<{ code: string; map: SourceMapPayload }> {
  try {
    const { outputFiles } = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      sourcemap: 'external',
      outdir: dirname(path),
      logLevel: 'silent',
      // A scenario may lie anywhere: what it is compiled as must not depend on a tsconfig.json found there.
      tsconfigRaw: '{}',
      loader: { '.js': 'ts', '.mjs': 'ts' },
    });
    const text = (end: string): string => outputFiles.find((f) => f.path.endsWith(end))!.text;
    const map = JSON.parse(text('.map')) as SourceMapPayload;
    return { code: text('.js'), map };
  } catch (error) {
    const [first] = (error as { errors?: Message[] }).errors ?? [];
    if (first === undefined) throw error;
    const { location } = first;
    const at =
      location === null
        ? null
        : { file: name(resolve(location.file)), line: location.line, column: location.column + 1 };
    throw new ScenarioError(at === null ? `${name(path)}: ${first.text}` : first.text, at);
  }
}
