/** `npm run drift`: makes generated/ again elsewhere, compares, and names the first difference and its cause. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PROJECT, writeAll } from '../src/cli/files.ts';
import { collect } from '../src/cli/generate/file.ts';
import { differences, differenceText, generateFiles } from '../src/cli/generate/index.ts';

const files = await collect(generateFiles());
// Written for real: what a file system or an encoding would do to them is part of the comparison.
const elsewhere = mkdtempSync(join(tmpdir(), 'ccdma-drift-'));
try {
  writeAll(elsewhere, files);
  const written = differences(elsewhere, files);
  const found = [...written, ...differences(resolve(PROJECT, 'generated'), files)];
  const [first] = found;
  if (first === undefined) console.log(`generated/ is up to date: ${files.length} files`);
  else {
    console.error(differenceText(first));
    if (found.length > 1)
      console.error(
        `and ${found.length - 1} more: ${found
          .slice(1, 6)
          .map(({ path }) => path)
          .join(', ')}${found.length > 6 ? ', ...' : ''}`,
      );
    console.error('If the change is meant: npm run generate, and look at what it changed.');
    process.exitCode = 1;
  }
} finally {
  rmSync(elsewhere, { recursive: true, force: true });
}
