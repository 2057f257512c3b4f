import { describe, expect, test } from 'vitest';
import { compose, explore } from '../../src/lts/index.ts';
import {
  canonicalPaths,
  checkRecipe,
  makeSuite,
  parseSuite,
  SuiteError,
  suiteText,
  TRANSITION_COVER,
  transitionCover,
} from '../../src/paths/index.ts';
import { lockNetwork } from '../lts/examples.ts';

const graph = explore(compose(lockNetwork(true)));
const paths = transitionCover(graph);
const origin = { system: 'two-users', series: 'new', platform: 'any', options: { fair: true, cpus: 2 } };
const suite = makeSuite(origin, graph, paths);
const text = suiteText(suite);

/** The file with one thing changed. */
const edited = (change: object) => JSON.stringify({ ...suite, ...change });

test('a suite is written for people and for machines', () => {
  const small = explore(compose(lockNetwork()));
  expect(suiteText(makeSuite({ ...origin, options: {} }, small, transitionCover(small)))).toBe(`{
 "format": "ccdma-paths",
 "version": 1,
 "system": "two-users",
 "series": "new",
 "platform": "any",
 "options": {},
 "criterion": "transitions",
 "graph": {
  "states": 3,
  "transitions": 4,
  "hash": "${small.hash}"
 },
 "events": [
  "acquire[by=a]",
  "release[by=a]",
  "barge[by=a]",
  "leave[by=a]",
  "acquire[by=b]",
  "release[by=b]",
  "barge[by=b]",
  "leave[by=b]"
 ],
 "paths": 1,
 "steps": 4,
 "tree": [0,1,4,5]
}
`);
});

test('a suite comes back as it was, and is written again to the same bytes', () => {
  const parsed = parseSuite(text, { ...origin, graph });
  expect(parsed.suite).toEqual(suite);
  expect(parsed.paths).toEqual(canonicalPaths(paths));
  expect(suiteText(parsed.suite)).toBe(text);
  expect(suiteText(makeSuite(origin, graph, parsed.paths!))).toBe(text);
});

test('a large suite is kept as its recipe', () => {
  const recipe = makeSuite(origin, graph, paths, TRANSITION_COVER);
  const parsed = parseSuite(suiteText(recipe), { graph });
  expect(parsed.paths).toBeNull();
  expect(parsed.suite).not.toHaveProperty('tree');
  expect(() => checkRecipe(parsed.suite, transitionCover(graph))).not.toThrow();
  expect(() => checkRecipe(parsed.suite, paths.slice(1))).toThrow(
    /made by greedy-tour version 1 with sha256/,
  );
  expect(() => checkRecipe(suite, paths)).toThrow(/there is no recipe/);
});

describe('refused, with what is wrong', () => {
  const refusal = (file: string, expected = {}): string => {
    try {
      parseSuite(file, expected, 'x.json');
    } catch (error) {
      expect(error).toBeInstanceOf(SuiteError);
      expect((error as Error).message).not.toContain('\n');
      return (error as Error).message;
    }
    throw new Error('the file was not refused');
  };

  test('a file that was cut, wherever', () => {
    for (let length = 0; length < text.trimEnd().length; length++) {
      expect(refusal(text.slice(0, length))).toMatch(/^x\.json is not complete JSON .* generate it again$/);
    }
    expect(refusal(text.slice(0, 100))).toMatch(/it is truncated/);
  });

  test.each<[string, string, RegExp]>([
    ['another format', edited({ format: 'other' }), /has format "other"; expected "ccdma-paths"/],
    ['no object', '[]', /has format undefined/],
    ['another version', edited({ version: 2 }), /has schema version 2; this program reads version 1/],
    [
      'a missing part',
      edited({ events: undefined }),
      /does not follow .*must have required property 'events'/,
    ],
    ['an unknown part', edited({ extra: 1 }), /must NOT have additional properties/],
    ['a tree with text in it', edited({ tree: [1, 'x'] }), /\/tree\/1 must/],
    [
      'neither tree nor recipe',
      edited({ tree: undefined }),
      /must have required property|exactly one schema/,
    ],
    [
      'both',
      edited({ recipe: makeSuite(origin, graph, paths, TRANSITION_COVER).recipe }),
      /exactly one schema/,
    ],
    [
      'other counts',
      edited({ steps: 7 }),
      /announces \d+ paths of 7 steps but holds \d+ of \d+; it was cut or edited/,
    ],
    ['an unknown event', edited({ tree: [8], paths: 1, steps: 1 }), /has event number 8, but only 8 events/],
  ])('%s', (_name, file, message) => {
    expect(refusal(file)).toMatch(message);
  });

  test('a system that has changed since: both hashes are named', () => {
    const now = explore(compose(lockNetwork()));
    const message = refusal(text, { graph: now });
    expect(message).toContain(`the file has graph hash ${graph.hash}, the system now has ${now.hash}`);
  });

  test('another system, series or platform', () => {
    expect(refusal(text, { system: 'table' })).toBe(
      "x.json is for system 'two-users', not 'table'; give a file made for 'table'",
    );
    expect(refusal(text, { series: 'old' })).toMatch(/for series 'new', not 'old'/);
    expect(refusal(text, { platform: 'z' })).toMatch(/for platform 'any', not 'z'/);
  });
});
