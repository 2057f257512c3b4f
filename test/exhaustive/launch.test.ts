/** Sources are bundled when they change: a command, and its threads, never run what the sources said before. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'ccdma-test-'));
let clone = join(folder, 'clone');
for (const name of ['bin', 'machines', 'src', 'package.json']) {
  cpSync(join(root, name), join(clone, name), { recursive: true });
}
mkdirSync(join(clone, 'node_modules'));
for (const name of readdirSync(join(root, 'node_modules')).filter((name) => !name.startsWith('.'))) {
  symlinkSync(join(root, 'node_modules', name), join(clone, 'node_modules', name));
}
afterAll(() => rmSync(folder, { recursive: true }));

const bundles = () =>
  readdirSync(join(clone, 'node_modules/.cache/ccdma')).map((name) =>
    join('node_modules/.cache/ccdma', name),
  );

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(clone, 'bin/ccdma.js'), ...args], {
    encoding: 'utf8',
    cwd: folder,
  });
  return { status, stdout, stderr };
}
const conform = () => run('conform', 'restricted', '--platform', 'cca');

/** Changes a source; what it gives back undoes that. */
function edit(path: string, from: string, to: string): () => void {
  const file = join(clone, path);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
  return () => writeFileSync(file, text);
}

test('what was bundled is used again, as long as no source changes', () => {
  const first = conform();
  expect(first).toMatchObject({ status: 0, stderr: '' });
  const [kept, ...others] = bundles();
  expect(others).toEqual([]);
  // It is really this that runs: a word changed in it shows.
  const main = readdirSync(join(clone, kept!), { recursive: true, encoding: 'utf8' })
    .map((name) => join(kept!, name))
    .find((name) => name.endsWith('.js') && readFileSync(join(clone, name), 'utf8').includes('It conforms'))!;
  const undo = edit(main, 'It conforms', 'It deform5s');
  expect(conform().stdout).toBe(first.stdout.replace('It conforms', 'It deform5s'));
  undo();
  expect(conform()).toEqual(first);
  expect(bundles()).toEqual([kept]);
});

test('a line of the kernel changed is seen by the threads, and undone again', () => {
  const before = conform();
  const undo = edit('src/kernel/dma/swiotlb-unmap.ts', '  giveSlots(k, f);\n', '');
  const broken = conform();
  expect(broken.status).toBe(1);
  expect(broken.stdout).toContain('npx ccdma replay');
  undo();
  expect(conform()).toEqual(before);
});

test('a source that is no TypeScript any more is named, with its line', () => {
  const undo = edit('src/cli/main.ts', 'export async function main', 'export async function = main');
  const { status, stderr } = run('check', 'boot', '--platform', 'tdx');
  expect(status).toBe(2);
  expect(stderr).toMatch(/^ccdma: the sources do not compile:\nsrc\/cli\/main\.ts:\d+:\d+: .*\n$/);
  undo();
});

test('what an editor lays beside a source is none', () => {
  const lock = join(clone, 'src/cli/.#main.ts');
  symlinkSync('somebody@somewhere.1:2', lock);
  expect(run('check', '--platform', 'tdxx').status).toBe(2);
  rmSync(lock);
});

test('a bundle of which a part is gone, or cut, is made again', () => {
  const before = run('replay', '--finding', 'pool-encrypted-in-softirq');
  const main = join(clone, bundles()[0]!, 'src/cli/main.js');
  rmSync(main);
  expect(run('replay', '--finding', 'pool-encrypted-in-softirq')).toEqual(before);
  writeFileSync(main, '');
  expect(run('replay', '--finding', 'pool-encrypted-in-softirq')).toEqual(before);
  expect(bundles().filter((name) => name.includes('.', name.lastIndexOf('/')))).toEqual([]);
});

test('where nothing can be kept, the sources run all the same', () => {
  rmSync(join(clone, 'node_modules/.cache'), { recursive: true });
  writeFileSync(join(clone, 'node_modules/.cache'), 'a file in its place');
  expect(conform().status).toBe(0);
  rmSync(join(clone, 'node_modules/.cache'));
});

test('a project that is moved does not read the sources of where it was', () => {
  const before = run('replay', '--finding', 'pool-encrypted-in-softirq');
  const moved = join(folder, "moved $& it's");
  renameSync(clone, moved);
  clone = moved;
  expect(run('replay', '--finding', 'pool-encrypted-in-softirq')).toEqual(before);
});
