/** The example of docs/engine.md is the file that it names, and says what the page lets one expect. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { summary, verdicts } from '../../docs/examples/turnstile.ts';

const text = (path: string) => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');

test('a turnstile: explored, judged, covered', () => {
  expect(summary).toBe('2 states, 2 transitions, 1 path');
  expect(verdicts.map(({ name, status }) => [name, status])).toEqual([['deadlock-free', 'holds']]);
});

test('the page shows the file as it is', () => {
  const [, shown] = /```ts\n([\s\S]*?)```/.exec(text('engine.md'))!;
  expect(shown).toBe(text('examples/turnstile.ts'));
});
