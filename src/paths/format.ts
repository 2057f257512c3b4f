/** Suites of paths as versioned files: written whole, and read with every claim of the file checked. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { Graph, ParamValue, Path } from '../lts/index.ts';
import { canonicalPaths, countSteps, pathsToTree, type Tree, treeToPaths } from './tree.ts';

export const SUITE_FORMAT = 'ccdma-paths';
export const SUITE_VERSION = 1;

/** Which variant of which system the paths are of. Strings and options are opaque here. */
export interface SuiteOrigin {
  readonly system: string;
  readonly series: string;
  readonly platform: string;
  readonly options: Readonly<Record<string, ParamValue>>;
}

/** The way to make a suite again that is too large to keep. */
export interface Recipe {
  readonly algorithm: string;
  readonly version: number;
  readonly options: Readonly<Record<string, number>>;
  /** Hex, of the tree's JSON text without spaces. */
  readonly sha256: string;
}

/** The file; its schema is `suite.schema.json`. Exactly one of `tree` and `recipe` is there. */
export interface SuiteFile extends SuiteOrigin {
  readonly format: typeof SUITE_FORMAT;
  readonly version: typeof SUITE_VERSION;
  readonly criterion: 'transitions';
  readonly graph: { readonly states: number; readonly transitions: number; readonly hash: string };
  /** Labels by event number. */
  readonly events: readonly string[];
  readonly paths: number;
  readonly steps: number;
  readonly tree?: Tree;
  readonly recipe?: Recipe;
}

/** A suite file that cannot be used. The message is one line: what is wrong, what was expected, what to do. */
export class SuiteError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SuiteError';
  }
}

/** How a suite is kept as a recipe: the algorithm, its version and its options. */
export type HowMade = Omit<Recipe, 'sha256' | 'options'> & { readonly options?: Recipe['options'] };

/** The file of a suite of a graph. With `made`, its recipe stands in place of the tree. */
export function makeSuite(
  origin: SuiteOrigin,
  graph: Graph,
  paths: readonly Path[],
  made?: HowMade,
): SuiteFile {
  const canonical = canonicalPaths(paths);
  const head = {
    format: SUITE_FORMAT,
    version: SUITE_VERSION,
    system: origin.system,
    series: origin.series,
    platform: origin.platform,
    options: origin.options,
    criterion: 'transitions',
    graph: { states: graph.states, transitions: graph.transitions, hash: graph.hash },
    events: graph.network.events.map(({ label }) => label),
    ...countSteps(canonical),
  } as const;
  const tree = pathsToTree(canonical);
  if (made === undefined) return { ...head, tree };
  const { algorithm, version, options = {} } = made;
  return { ...head, recipe: { algorithm, version, options, sha256: treeSha256(tree) } };
}

/** SHA-256, in hex, of the canonical tree. */
export function treeSha256(tree: Tree): string {
  return createHash('sha256').update(JSON.stringify(tree)).digest('hex');
}

/** The text of a file: the head indented for people, the tree on one line, a newline at the end. */
export function suiteText(suite: SuiteFile): string {
  const { tree, ...head } = suite;
  const text = JSON.stringify(head, null, 1);
  if (tree === undefined) return `${text}\n`;
  return `${text.slice(0, -2)},\n "tree": ${JSON.stringify(tree)}\n}\n`;
}

/** What the reader has now; what is given must be what the file was made for. */
export interface ExpectedSuite extends Partial<SuiteOrigin> {
  /** The system's graph, explored now. */
  readonly graph?: { readonly hash: string };
}

export interface ParsedSuite {
  readonly suite: SuiteFile;
  /** In the canonical order; null when the file holds a recipe: make them again, then `checkRecipe`. */
  readonly paths: Path[] | null;
}

/**
 * Reads a suite.
 *
 * @param text the whole file
 * @param expected what the paths are to be run on, if that is known
 * @param name how to call the file in messages
 * @throws SuiteError for a truncated file, another format or version, a file that breaks the schema or its
 *   own counts, or a system that has changed since (both hashes are named).
 */
export function parseSuite(text: string, expected: ExpectedSuite = {}, name = 'the path file'): ParsedSuite {
  const suite = validated(readJson(text, name), name);
  for (const key of ['system', 'series', 'platform'] as const) {
    const wanted = expected[key];
    if (wanted !== undefined && wanted !== suite[key]) {
      throw new SuiteError(
        `${name} is for ${key} '${suite[key]}', not '${wanted}'; give a file made for '${wanted}'`,
      );
    }
  }
  const hash = expected.graph?.hash;
  if (hash !== undefined && hash !== suite.graph.hash) {
    throw new SuiteError(
      `${name} was made for another state of system '${suite.system}': the file has graph hash ${suite.graph.hash}, the system now has ${hash}; generate the paths again`,
    );
  }
  if (suite.tree === undefined) return { suite, paths: null };
  const paths = treeToPaths(suite.tree);
  checkPaths(suite, paths, name);
  return { suite, paths };
}

/** Checks paths that were made again from a recipe. @throws SuiteError when they are not those of the file. */
export function checkRecipe(suite: SuiteFile, paths: readonly Path[], name = 'the path file'): void {
  if (suite.recipe === undefined)
    throw new SuiteError(`${name} holds its paths; there is no recipe to check`);
  const sha256 = treeSha256(pathsToTree(paths));
  if (sha256 !== suite.recipe.sha256) {
    const { algorithm, version } = suite.recipe;
    throw new SuiteError(
      `${name} names paths made by ${algorithm} version ${version} with sha256 ${suite.recipe.sha256}, but they came out with ${sha256}; generate the file again`,
    );
  }
  checkPaths(suite, canonicalPaths(paths), name);
}

function checkPaths(suite: SuiteFile, paths: readonly Path[], name: string): void {
  const counts = countSteps(paths);
  if (counts.paths !== suite.paths || counts.steps !== suite.steps) {
    throw new SuiteError(
      `${name} announces ${suite.paths} paths of ${suite.steps} steps but holds ${counts.paths} of ${counts.steps}; it was cut or edited`,
    );
  }
  for (const path of paths) {
    const unknown = path.find((event) => event >= suite.events.length);
    if (unknown === undefined) continue;
    throw new SuiteError(
      `${name} has event number ${unknown}, but only ${suite.events.length} events (from 0)`,
    );
  }
}

function readJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const cut = text.trimEnd().endsWith('}') ? 'it is damaged' : 'it is truncated';
    const reason = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new SuiteError(`${name} is not complete JSON (${reason}): ${cut}; generate it again`);
  }
}

let compiled: ReturnType<Ajv['compile']> | undefined;

function validated(data: unknown, name: string): SuiteFile {
  // Format and version come first: of another version, the schema's complaints would mean nothing.
  const { format, version } = (data ?? {}) as { format?: unknown; version?: unknown };
  if (format !== SUITE_FORMAT) {
    throw new SuiteError(`${name} has format ${JSON.stringify(format)}; expected "${SUITE_FORMAT}"`);
  }
  if (version !== SUITE_VERSION) {
    throw new SuiteError(
      `${name} has schema version ${JSON.stringify(version)}; this program reads version ${SUITE_VERSION}; generate it again`,
    );
  }
  compiled ??= new Ajv({ allowUnionTypes: true }).compile(
    JSON.parse(readFileSync(new URL('./suite.schema.json', import.meta.url), 'utf8')),
  );
  if (!compiled(data)) {
    const [first] = compiled.errors ?? [];
    const where = first?.instancePath === '' ? 'the file' : first?.instancePath;
    throw new SuiteError(
      `${name} does not follow suite.schema.json: ${where} ${first?.message ?? 'is wrong'}`,
    );
  }
  return data as SuiteFile;
}
