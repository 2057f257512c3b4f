/** Files are written whole or not at all: under another name first, then renamed. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError } from './usage.ts';

/** The folder of package.json: where `generated/` is. */
export const PROJECT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

export interface NewFile {
  /** Relative to the folder that is written to, with `/`. */
  readonly path: string;
  readonly content: string;
}

/**
 * Writes all files or, when one cannot be written, none: each stands complete under a temporary name before
 * the first gets its own. @throws UsageError when the folder cannot be written to
 */
export function writeAll(folder: string, files: readonly NewFile[]): void {
  const waiting: { readonly from: string; readonly to: string }[] = [];
  try {
    for (const { path, content } of files) {
      const to = join(folder, path);
      const from = `${to}.${process.pid}.tmp`;
      mkdirSync(dirname(to), { recursive: true });
      waiting.push({ from, to });
      writeFileSync(from, content);
    }
    for (const { from, to } of waiting) renameSync(from, to);
  } catch (error) {
    for (const { from } of waiting) rmSync(from, { force: true });
    throw cannot('write to', folder, error);
  }
}

/** The text of a file that a user named. @throws UsageError when it cannot be read */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw cannot('read', path, error);
  }
}

function cannot(what: string, path: string, error: unknown): UsageError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = {
    ENOENT: 'there is no such file or folder',
    EACCES: 'it is not permitted',
    ENOTDIR: 'a part of the path is no folder',
    EEXIST: 'a part of the path is no folder',
    EISDIR: 'it is a folder',
  }[code ?? ''];
  return new UsageError(`cannot ${what} ${path}: ${reason ?? message}`);
}
