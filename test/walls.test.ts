/** The two walls: no import crosses them, followed transitively; nothing but plain data is reachable from both sides. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

const filesIn = (folder: string) =>
  readdirSync(resolve(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}/${name}`)
    .sort();

/** Modules that a file imports: paths from the root, or package names. Types leave no trace at run time. */
function imports(file: string, types: boolean): string[] {
  const text = readFileSync(resolve(root, file), 'utf8');
  const found = [...text.matchAll(/^(?:import|export)\b([^;]*?)\bfrom\s*'([^']+)'/gms)];
  return found
    .filter(([, what]) => types || !/^\s+type\s/.test(what!))
    .map(([, , name]) =>
      name!.startsWith('.') ? relative(root, resolve(root, dirname(file), name!)) : name!,
    );
}

function reachable(files: readonly string[], types: boolean): Set<string> {
  const seen = new Set<string>(files);
  const queue = [...files];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (!file.endsWith('.ts')) continue;
    for (const next of imports(file, types)) {
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push(next);
    }
  }
  return seen;
}

const rooms = ['machines', 'src/kernel', 'src/series'];

describe.each(rooms)('%s', (room) => {
  const reached = [...reachable(filesIn(room), true)];

  test.each(rooms.filter((other) => other !== room))('never reaches %s', (other) => {
    expect(reached.filter((file) => file.startsWith(`${other}/`))).toEqual([]);
  });

  test('never reaches the rooms above it', () => {
    expect(reached.filter((file) => /^src\/(conformance|render|report|cli|trace)\//.test(file))).toEqual([]);
  });
});

test('a machine file imports xstate only, but for types', () => {
  const literals = filesIn('machines').filter((file) => !file.includes('/systems/'));
  const builders = ['machines/build.ts'];
  for (const file of literals.filter((name) => !builders.includes(name))) {
    // A machine may be kept in several files, beside it: alphabet, transitions without a patch, questions of facts.
    const beside = literals.filter((name) => !builders.includes(name));
    expect(
      imports(file, false).filter((name) => name !== 'xstate' && !beside.includes(name)),
      file,
    ).toEqual([]);
  }
});

test('specification and simulator share no code', () => {
  const specification = reachable(filesIn('machines'), false);
  const simulator = reachable(filesIn('src/kernel'), false);
  expect([...specification].filter((file) => simulator.has(file))).toEqual([]);
});

test('imports run downward: the engine reaches nothing of this project, paths only the engine', () => {
  const own = (files: Set<string>) =>
    [...files].filter((file) => file.startsWith('src/') || file.startsWith('machines/'));
  expect(own(reachable(filesIn('src/lts'), true)).filter((file) => !file.startsWith('src/lts/'))).toEqual([]);
  expect(
    own(reachable(filesIn('src/paths'), true)).filter((file) => !/^src\/(lts|paths)\//.test(file)),
  ).toEqual([]);
  expect(
    own(reachable(filesIn('src/render'), true)).filter((file) => !/^src\/(lts|render)\//.test(file)),
  ).toEqual([]);
});
