/** The engine and the path generators are a library for anyone with XState machines. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const files = ['src/lts', 'src/paths'].flatMap((folder) =>
  readdirSync(resolve(root, folder), { recursive: true, encoding: 'utf8' }).map(
    (name) => `${folder}/${name}`,
  ),
);
const sources = files.filter((name) => name.endsWith('.ts'));

/** What each folder may import besides node's own modules. */
const allowed = {
  'src/lts': [/^src\/lts\//, /^xstate$/],
  'src/paths': [/^src\/(lts|paths)\//, /^ajv$/],
} as const;

test.each(sources)('%s imports only the library', (file) => {
  const text = readFileSync(resolve(root, file), 'utf8');
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, name]) => name!);
  for (const name of imports) {
    const target = name.startsWith('.') ? relative(root, resolve(root, dirname(file), name)) : name;
    if (target.startsWith('node:')) continue;
    const patterns: readonly RegExp[] = file.startsWith('src/lts/')
      ? allowed['src/lts']
      : allowed['src/paths'];
    expect(
      patterns.some((pattern) => pattern.test(target)),
      `${file} imports ${target}`,
    ).toBe(true);
  }
});

test.each(files)('%s does not mention the domain', (file) => {
  expect(readFileSync(resolve(root, file), 'utf8')).not.toMatch(/\b(dma|swiotlb)\b|swiotlb_|dma_/i);
});

test('the check sees the files', () => {
  expect(sources).toContain('src/lts/explore.ts');
  expect(sources).toContain('src/paths/format.ts');
});
