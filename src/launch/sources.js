/**
 * Runs TypeScript sources as they are: nothing is built at install. What commands and threads begin with comes from
 * a bundle, which starts in a third of the time that it takes to translate module after module.
 */
import { join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundle, isEntry, ROOT } from './bundle.js';

/** Where the bundle lies that this process runs: its threads run the same. */
const RUNNING = Symbol.for('ccdma.bundle');

/**
 * Imports a TypeScript module of the project.
 *
 * @param {URL | string} module its URL
 * @param {string | null} from the bundle to take it from; by default one of the sources as they are now
 * @returns {Promise<Record<string, unknown>>} what it exports
 * @throws SourceError where the sources are no TypeScript
 */
export async function importSource(module, from = null) {
  // Errors name the source and its line.
  process.setSourceMapsEnabled(true);
  const path = relative(ROOT, fileURLToPath(module)).split(sep).join('/');
  const folder = isEntry(path) ? (from ?? (await bundle())) : null;
  if (folder === null) {
    const { register } = await import('tsx/esm/api');
    register();
    return await import(String(module));
  }
  globalThis[RUNNING] = folder;
  return await import(pathToFileURL(join(folder, path.replace(/\.ts$/, '.js'))).href);
}
