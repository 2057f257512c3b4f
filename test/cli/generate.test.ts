/** generated/: made alike every time, and the drift check sees what is not as it is made. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { MachineFile } from '../../machines/machine-file.ts';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { writeAll } from '../../src/cli/files.ts';
import { diagramFiles } from '../../src/cli/generate/diagrams.ts';
import { collect } from '../../src/cli/generate/file.ts';
import {
  computedFiles,
  differences,
  differenceText,
  type GeneratedFile,
} from '../../src/cli/generate/index.ts';
import { Lab } from '../../src/cli/lab.ts';
import { editMachine } from '../../src/lts/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccdma-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const lab = new Lab();
let files: GeneratedFile[] = [];
beforeAll(async () => {
  // The verdicts on recorded logs are drift's to compare, and another test's to judge.
  files = await collect(computedFiles(lab));
  writeAll(folder, files);
});

test('what was just written is up to date, and nothing else is left there', () => {
  expect(differences(folder, files)).toEqual([]);
  expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('.tmp'))).toEqual(
    [],
  );
});

test('it stays under 5 MB, and nothing in it speaks of this machine or of today', () => {
  const all = files.map(({ content }) => content).join('\n');
  expect(Buffer.byteLength(all)).toBeLessThan(5_000_000);
  expect(all).not.toContain(process.cwd());
  expect(all).not.toMatch(new RegExp(`\\b${new Date().getFullYear()}-\\d\\d`));
});

test('every finding that the check shows has a table, a drawing and a line in the overview', () => {
  const names = files.map(({ path }) => path);
  const overview = files.find(({ path }) => path === 'findings.md')!.content;
  const shown = names.filter((path) => path.startsWith('counterexamples/'));
  expect(shown.length).toBeGreaterThan(0);
  for (const path of shown) {
    const id = path.replace(/^counterexamples\/(.*)\.md$/, '$1');
    expect(names).toContain(`diagrams/${id}.mmd`);
    const { content } = files.find((file) => file.path === path)!;
    const [, linked] = /\(\.\.\/(diagrams\/\S+)\)/.exec(content)!;
    expect(names).toContain(linked);
    expect(overview).toContain(`(counterexamples/${id}.md)`);
  }
});

/** The folder with one thing changed, and back. */
function changed(path: string, change: (at: string) => void): string[] {
  const at = join(folder, path);
  mkdirSync(dirname(at), { recursive: true });
  const kept = files.find((file) => file.path === path)?.content;
  change(at);
  const found = differences(folder, files).map(differenceText);
  if (kept === undefined) rmSync(at);
  else writeFileSync(at, kept);
  return found;
}

test('an edited file: the line and what makes it', () => {
  const [text] = changed('diagrams/rcu-reader.mmd', (at) =>
    writeFileSync(at, readFileSync(at, 'utf8').replace('stateDiagram-v2', 'stateDiagram')),
  );
  expect(text).toBe(
    [
      'generated/diagrams/rcu-reader.mmd differs from line 4 on. It is the Mermaid chart of the machine rcu-reader (machines/rcu-reader.ts), v5.',
      '  stands:    stateDiagram',
      '  should be: stateDiagram-v2',
    ].join('\n'),
  );
});

test('a file that is longer, one that is missing, one that nothing makes; generated/slow/ is left alone', () => {
  expect(changed('findings.md', (at) => appendFileSync(at, 'more'))[0]).toMatch(
    /findings\.md differs from line \d+ on/,
  );
  expect(changed('findings.md', (at) => rmSync(at))).toEqual([
    'generated/findings.md is missing. It is the list src/series/findings.json.',
  ]);
  expect(changed('diagrams/old.svg', (at) => writeFileSync(at, ''))[0]).toMatch(
    /^generated\/diagrams\/old\.svg is made by no generator/,
  );
  expect(changed('slow/mutants.md', (at) => writeFileSync(at, ''))).toEqual([]);
});

test('a state more in a machine: the drift check names the machine', async () => {
  const [system] = SYSTEMS;
  const change = (file: MachineFile): MachineFile => {
    if (file.name !== 'rcu-reader') return file;
    const [first] = Object.keys(file.machine.config.states ?? {});
    const event = Object.keys(file.alphabet)[0]!;
    const machine = editMachine(file.machine, [{ state: first!, event, to: first! }]);
    return { ...file, machine };
  };
  const other = { ...system!, files: system!.files.map(change) };
  const made = await collect(diagramFiles(lab, [other]));
  const rest = files.filter(({ path }) => !made.some((file) => file.path === path));
  const [first] = differences(folder, [...made, ...rest]).map(differenceText);
  expect(first).toMatch(/the machine rcu-reader \(machines\/rcu-reader\.ts\), v5/);
});
