/** The kernel's dialect of DOT: every machine that can be watched is written so that its readers take it. */
import { expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { defaultSubject, networkOf } from '../../src/conformance/subject.ts';
import { compileMachine, type LocalLts } from '../../src/lts/index.ts';
import { NotObservable, rvDot } from '../../src/render/rv.ts';
import { PLATFORMS, V5 } from '../../src/series/index.ts';
import { lock } from '../lts/examples.ts';
import { readRv } from './rv-grammar.ts';

test('a lock', () => {
  const dot = rvDot(compileMachine(lock));
  expect(dot).toMatchInlineSnapshot(`
    "digraph state_automaton {
    	{node [shape = plaintext, style=invis, label=""] "__init_free_nobody"};
    	{node [shape = doublecircle] "free_nobody"};
    	{node [shape = circle] "held_a"};
    	{node [shape = circle] "held_b"};
    	"__init_free_nobody" -> "free_nobody";
    	"free_nobody" [label = "free_nobody"];
    	"held_a" [label = "held_a"];
    	"held_b" [label = "held_b"];
    	"free_nobody" -> "held_a" [ label = "acquire_a" ];
    	"free_nobody" -> "held_b" [ label = "acquire_b" ];
    	"held_a" -> "free_nobody" [ label = "release_a" ];
    	"held_b" -> "free_nobody" [ label = "release_b" ];
    	{ rank = min ;
    		"__init_free_nobody";
    		"free_nobody";
    	}
    }
    "
  `);
  const read = readRv(dot);
  expect(read.initial).toBe('free_nobody');
  expect([...read.steps]).toContainEqual(['held_a release_a', 'free_nobody']);
});

test('the checker can say no', () => {
  const dot = rvDot(compileMachine(lock));
  expect(() => readRv(dot.replace('[ label', '[label'))).toThrow(/line \d+/);
  expect(() =>
    readRv(dot.replace('"held_a" -> "free_nobody"', '"held_a" -> "held_b" -> "free_nobody"')),
  ).toThrow();
  expect(() => readRv(dot.replace('"held_a" [label', '"held_c" [label'))).toThrow();
});

test('every machine of every system: read back, it has the same steps, or it is refused by name', () => {
  let written = 0;
  const seen = new Set<LocalLts>();
  for (const system of SYSTEMS) {
    for (const { lts } of networkOf(defaultSubject(system, V5, PLATFORMS[0]!)).instances) {
      if (seen.has(lts)) continue;
      seen.add(lts);
      let dot: string;
      try {
        dot = rvDot(lts);
      } catch (error) {
        expect(error).toBeInstanceOf(NotObservable);
        continue;
      }
      written++;
      const read = readRv(dot);
      expect(read.states.length).toBe(lts.states.length);
      expect(read.steps.size).toBe(lts.next.filter((target) => target >= 0).length);
    }
  }
  expect(written).toBeGreaterThan(3);
});
