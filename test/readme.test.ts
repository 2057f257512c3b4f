/** What the README shows is what the commands print. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { paste } from './cli/run.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const shown = [...readme.matchAll(/^```console\n\$ (npx ccdma .*)\n([\s\S]*?)\n```$/gm)].map(
  ([, command, output]) => ({ command: command!, output: output! }),
);

test('the README shows commands with their output', () => {
  expect(shown.length).toBeGreaterThanOrEqual(3);
});

test.each(shown)('$command', async ({ command, output }) => {
  const { out, err } = await paste(command);
  expect((out + err).trimEnd()).toBe(output);
});
