/** Scenarios from text, run through the real command. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ccdma, type Ran } from '../cli/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccdma-scenario-'));
// Several test files share this module: the folder goes when the last of them is done.
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A file with this text; its path. */
export function fileOf(text: string, name = `s${++files}.ts`): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A scenario whose body is these lines, the first of which is line 4 of its file, after `const d = k.device('d')`. */
export const scenario = (lines: string, more = ''): string =>
  `export default { title: 't', platforms: ['tdx'], ${more}\nrun(k) {\nconst d = k.device('d');\n${lines}\n} };\n`;

/** Runs `ccdma simulate` on such a scenario; the path of its file is written as FILE. */
export async function simulate(lines: string, args: readonly string[] = [], more = ''): Promise<Ran> {
  const file = fileOf(scenario(lines, more));
  const ran = await ccdma(['simulate', file, ...args], 200);
  const plain = (text: string): string => text.replaceAll(file, 'FILE');
  return { code: ran.code, out: plain(ran.out), err: plain(ran.err) };
}
