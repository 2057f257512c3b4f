/**
 * TypeScript sources as JavaScript that Node runs. They are bundled when they are first needed and whenever one of
 * them has changed, and the bundle is kept in node_modules/.cache/ccdma: nothing is built at install, and a command
 * or a thread starts in a third of the time that it takes to translate module after module.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const FOLDERS = ['machines', 'src'];
const CACHE = join(ROOT, 'node_modules/.cache/ccdma');
/** Bundles that were not used for so long, in days, are deleted when another one is made. */
const OLD = 7;

/** What is run: the command, and what threads begin with. Paths from the root. */
const isEntry = (path) => path === 'src/cli/main.ts' || /^src\/.*worker\.ts$/.test(path);

/**
 * Imports a TypeScript module of the project.
 *
 * @param {URL | string} module its URL
 * @returns {Promise<Record<string, unknown>>} what it exports
 */
export async function importSource(module) {
  const path = relative(ROOT, fileURLToPath(module)).split(sep).join('/');
  const folder = isEntry(path) ? await bundle() : null;
  if (folder !== null) return await import(pathToFileURL(join(folder, path.replace(/\.ts$/, '.js'))).href);
  const { register } = await import('tsx/esm/api');
  register();
  return await import(String(module));
}

/** The folder of the bundle of the sources as they are now; null where none can be kept. */
async function bundle() {
  const sources = FOLDERS.flatMap((name) =>
    readdirSync(join(ROOT, name), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => join(name, file)),
  ).sort();
  const folder = join(CACHE, keyOf(sources));
  if (existsSync(folder)) {
    touch(folder);
    return folder;
  }
  const making = `${folder}.${process.pid}-${Math.random().toString(36).slice(2)}`;
  try {
    mkdirSync(making, { recursive: true });
  } catch {
    return null;
  }
  await build(sources, making);
  try {
    renameSync(making, folder);
  } catch (error) {
    // Somebody else was faster.
    rmSync(making, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  forgetOld();
  return folder;
}

/** Everything that a bundle depends on: where the project lies, what makes it, and each source with its name. */
function keyOf(sources) {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([ROOT, process.version, readFileSync(fileURLToPath(import.meta.url), 'utf8')]));
  hash.update(readFileSync(join(ROOT, 'package.json')));
  for (const source of sources) {
    const text = readFileSync(join(ROOT, source));
    hash.update(`${source}\0${text.length}\0`).update(text);
  }
  return hash.digest('hex').slice(0, 32);
}

async function build(sources, outdir) {
  const esbuild = await import('esbuild');
  await esbuild.build({
    entryPoints: sources.filter((source) => isEntry(source.split(sep).join('/'))),
    absWorkingDir: ROOT,
    outdir,
    outbase: ROOT,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'silent',
    plugins: [{ name: 'import.meta.url', setup: keepUrls }],
  });
}

/** Files that lie beside a source are found by its own address, not by the bundle's. */
function keepUrls(build) {
  build.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
    loader: 'ts',
    contents: readFileSync(path, 'utf8').replaceAll(
      'import.meta.url',
      JSON.stringify(pathToFileURL(path).href),
    ),
  }));
}

function touch(folder) {
  const now = new Date();
  try {
    utimesSync(folder, now, now);
  } catch {
    // Of no consequence: it is made again some day.
  }
}

function forgetOld() {
  const since = Date.now() - OLD * 24 * 60 * 60 * 1000;
  for (const name of readdirSync(CACHE)) {
    const folder = join(CACHE, name);
    try {
      if (statSync(folder).mtimeMs < since) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Somebody else was faster.
    }
  }
}
