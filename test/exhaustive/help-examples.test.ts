import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { EXAMPLES } from '../../src/cli/examples.ts';
import { paste } from '../cli/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccdma-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Long, or writing into the tree: what they do is tested above, or by npm start itself. */
const LEFT_OUT = [
  'npx ccdma start',
  'npx ccdma conform',
  'npx ccdma diagram',
  'npx ccdma check',
  'npx ccdma check --series without:20 --expect',
  'npx ccdma paths',
  'npx ccdma matrix',
  'npx ccdma conform --series baseline --against v5',
];
const examples = Object.values(EXAMPLES)
  .flat()
  .map(([line]) => line)
  .filter((line) => !LEFT_OUT.includes(line));

test.each(examples)('the example of the help works: %s', async (line) => {
  const ran = await paste(line.replace(/ > .*/, '').replace('/tmp/paths', join(folder, 'example')));
  expect(ran.code).toBeLessThan(2);
  expect(ran.out).not.toBe('');
});
