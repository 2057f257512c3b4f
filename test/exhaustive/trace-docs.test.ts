/** What docs/traces.md shows is what the commands print, and its lists are whole. A line `…` stands for any lines. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DIFFERENCES } from '../../src/trace/binding/roles.ts';
import { UNDECIDABLE } from '../../src/trace/circle/undecidable.ts';
import { NEEDS, PROPERTIES } from '../../src/trace/judge/properties.ts';
import { paste } from '../cli/run.ts';

const docs = readFileSync(new URL('../../docs/traces.md', import.meta.url), 'utf8');
const shown = [...docs.matchAll(/^```console\n\$ (npx ccdma .*)\n([\s\S]*?)\n```$/gm)].map(
  ([, command, output]) => ({ command: command!, output: output! }),
);

test('there are examples', () => {
  expect(shown.length).toBeGreaterThanOrEqual(5);
});

test.each(shown)(
  '$command',
  async ({ command, output }) => {
    const { out, err } = await paste(command);
    const printed = (out + err).trimEnd();
    if (!output.includes('…\n')) {
      expect(printed).toBe(output);
      return;
    }
    let rest = printed;
    for (const piece of output.split(/^…\n?/m).map((text) => text.trimEnd())) {
      expect(rest).toContain(piece);
      rest = rest.slice(rest.indexOf(piece) + piece.length);
    }
  },
  60_000,
);

test('what each property compares, what differs between the series, and what a log cannot decide', () => {
  for (const name of PROPERTIES) expect(docs).toContain(`| ${name} | ${NEEDS[name].decides} |`);
  for (const { what, read } of DIFFERENCES) expect(docs).toContain(`| ${what} | ${read} |`);
  for (const { property, what, reason } of UNDECIDABLE)
    expect(docs).toContain(`| ${property} | ${what} | ${reason} |`);
});
