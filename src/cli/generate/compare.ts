/** What stands in a folder, compared with what should: file by file, and where the first difference is. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { byCodeUnit } from '../../lts/index.ts';
import type { GeneratedFile } from './file.ts';

export interface Difference {
  readonly path: string;
  readonly kind: 'missing' | 'differs' | 'stale';
  /** What makes the file; null for one that nothing makes. */
  readonly cause: string | null;
  /** Of files that differ: the first line that does, from 1, as it stands and as it should be. */
  readonly line?: number;
  readonly stands?: string;
  readonly should?: string;
}

/** Written by their own commands only. */
const LEFT_OUT = 'slow/';

/** All differences: in the order of the generated files, then files that nothing makes, by name. */
export function differences(folder: string, files: readonly GeneratedFile[]): Difference[] {
  const found = files.flatMap(({ path, content, cause }): Difference[] => {
    const at = join(folder, path);
    if (!existsSync(at)) return [{ path, kind: 'missing', cause }];
    const stands = readFileSync(at, 'utf8');
    return stands === content ? [] : [{ path, kind: 'differs', cause, ...firstLine(stands, content) }];
  });
  const made = new Set(files.map(({ path }) => path));
  const stale = filesIn(folder)
    .filter((path) => !path.startsWith(LEFT_OUT) && !made.has(path))
    .map((path): Difference => ({ path, kind: 'stale', cause: null }));
  return [...found, ...stale];
}

/** One difference, for people. */
export function differenceText({ path, kind, cause, line, stands, should }: Difference): string {
  const name = `generated/${path}`;
  if (kind === 'stale') {
    return `${name} is made by no generator. If it is left over, delete it; what takes long belongs in generated/slow/.`;
  }
  if (kind === 'missing') return `${name} is missing. It is ${cause}.`;
  return [
    `${name} differs from line ${line} on. It is ${cause}.`,
    `  stands:    ${cut(stands ?? '')}`,
    `  should be: ${cut(should ?? '')}`,
  ].join('\n');
}

function firstLine(stands: string, should: string): Pick<Required<Difference>, 'line' | 'stands' | 'should'> {
  const [old, fresh] = [stands.split('\n'), should.split('\n')];
  let at = 0;
  while (old[at] === fresh[at]) at++;
  return { line: at + 1, stands: old[at] ?? '(end of file)', should: fresh[at] ?? '(end of file)' };
}

const LONGEST = 160;
const cut = (line: string) =>
  line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}... (${line.length} characters)`;

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .split(sep)
        .join('/'),
    )
    .sort(byCodeUnit);
}
