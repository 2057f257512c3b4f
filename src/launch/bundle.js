/**
 * The TypeScript sources as one bundle, made when one of them has changed and kept in node_modules/.cache/ccdma by
 * their contents.
 */
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const FOLDERS = ['machines', 'src'];
const CACHE = join(ROOT, 'node_modules/.cache/ccdma');
const HOUR = 60 * 60 * 1000;
/** Bundles that are kept at most; and how long after its last use none goes, for a command may still read it. */
const KEPT = 10;
const IN_USE = 24 * HOUR;

/** What is run: the command, and what threads begin with. Paths from the root. */
export const isEntry = (path) => path === 'src/cli/main.ts' || /^src\/.*worker\.ts$/.test(path);

/** Sources that are no TypeScript. The message has a line for each mistake: file, line, column, what is wrong. */
export class SourceError extends Error {}

/**
 * The folder of the bundle of the sources as they are now; null where none can be kept.
 *
 * @returns {Promise<string | null>}
 * @throws SourceError
 */
export async function bundle() {
  const sources = readSources();
  const key = keyOf(sources);
  const folder = join(CACHE, key);
  if (isWhole(folder)) {
    touch(folder);
    return folder;
  }
  const files = await build(sources);
  const making = `${folder}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    write(making, files);
    // Somebody else may have been faster; what they made is the same.
    if (!isWhole(folder)) {
      discard(folder);
      renameSync(making, folder);
    }
  } catch {
    // No room, or no permission.
  }
  remove(making);
  if (!isWhole(folder)) return null;
  prune(key);
  return folder;
}

/** Every source with its bytes, by its path from the root. */
function readSources() {
  const sources = new Map();
  for (const folder of FOLDERS) {
    for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
      // Editors lay locks and copies beside what is edited.
      if (!entry.isFile() || !entry.name.endsWith('.ts') || entry.name.startsWith('.')) continue;
      const file = join(entry.parentPath ?? entry.path, entry.name);
      sources.set(relative(ROOT, file).split(sep).join('/'), readFileSync(file));
    }
  }
  return new Map([...sources].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Everything that a bundle depends on: where the project lies, what makes it, and each source with its name. */
function keyOf(sources) {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([ROOT, process.version]));
  hash.update(readFileSync(fileURLToPath(import.meta.url))).update(readFileSync(join(ROOT, 'package.json')));
  for (const [path, bytes] of sources) hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  return hash.digest('hex').slice(0, 32);
}

const LIST = 'files.json';

/** Whether all that was written of a bundle is there: a cache is cleaned by anybody. */
function isWhole(folder) {
  try {
    const files = JSON.parse(readFileSync(join(folder, LIST), 'utf8'));
    return Object.entries(files).every(([name, size]) => statSync(join(folder, name)).size === size);
  } catch {
    return false;
  }
}

function write(folder, files) {
  const sizes = {};
  for (const { path, contents } of files) {
    const name = relative(CACHE, path);
    sizes[name] = contents.length;
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  }
  writeFileSync(join(folder, LIST), JSON.stringify(sizes));
}

async function build(sources) {
  const esbuild = await import('esbuild');
  try {
    const { outputFiles } = await esbuild.build({
      entryPoints: [...sources.keys()].filter(isEntry),
      absWorkingDir: ROOT,
      outdir: CACHE,
      outbase: ROOT,
      write: false,
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      sourcemap: 'linked',
      tsconfigRaw: '{}',
      logLevel: 'silent',
      plugins: [{ name: 'sources', setup: (on) => read(on, sources) }],
    });
    return outputFiles;
  } catch (error) {
    const mistakes = (error.errors ?? []).filter(({ location }) => location);
    if (mistakes.length === 0) throw error;
    const lines = mistakes.map(
      ({ text, location: { file, line, column } }) => `${file}:${line}:${column + 1}: ${text}`,
    );
    throw new SourceError(lines.join('\n'));
  }
}

/**
 * Gives out the bytes that the key was made of, whatever is written meanwhile. Files that lie beside a source are
 * found by its own address, not by the bundle's.
 */
function read(on, sources) {
  on.onLoad({ filter: /\.ts$/ }, ({ path }) => {
    const bytes = sources.get(relative(ROOT, path).split(sep).join('/'));
    if (bytes === undefined) return { errors: [{ text: `${path} is no source of the project` }] };
    const url = JSON.stringify(pathToFileURL(path).href);
    return { loader: 'ts', contents: bytes.toString('utf8').replaceAll('import.meta.url', () => url) };
  });
}

function touch(folder) {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch {
    // Of no consequence: it is made again some day.
  }
}

/** Takes a folder away as a whole, before any of it is deleted. */
function discard(folder) {
  const going = `${folder}.${process.pid}-gone`;
  try {
    renameSync(folder, going);
  } catch {
    return;
  }
  remove(going);
}

function remove(folder) {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Its place is no folder.
  }
}

/** Bundles that were not used for long go, and what a command that was killed left behind. */
function prune(key) {
  const used = readdirSync(CACHE)
    .filter((name) => name !== key)
    .flatMap((name) => {
      try {
        return [{ name, age: Date.now() - statSync(join(CACHE, name)).mtimeMs }];
      } catch {
        return [];
      }
    });
  const bundles = used.filter(({ name }) => !name.includes('.')).sort((a, b) => a.age - b.age);
  const rest = used.filter(({ name }) => name.includes('.'));
  for (const { name, age } of bundles.slice(KEPT - 1)) if (age > IN_USE) discard(join(CACHE, name));
  for (const { name, age } of rest) if (age > HOUR) discard(join(CACHE, name));
}
