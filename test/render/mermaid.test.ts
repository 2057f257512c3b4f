import { expect, test } from 'vitest';
import { mermaidSequence, mermaidStatechart, statechart } from '../../src/render/index.ts';
import { MermaidIds, messageText, stateText } from '../../src/render/mermaid-text.ts';
import { descendants } from '../../src/render/statechart.ts';
import { burglary, door, lamp, machines } from './machines.ts';

test('a machine with nested states', () => {
  expect(mermaidStatechart(door)).toMatchInlineSnapshot(`
    "---
    title: "door (? the world answers, ! the code acts)"
    ---
    stateDiagram-v2
      direction TB
      [*] --> closed_unlocked
      state "anywhere" as anywhere
      anywhere : sand / count
      state "closed" as closed {
        [*] --> closed_unlocked
        state "anywhere" as closed_anywhere
        closed_anywhere : ! paint / count
        state "unlocked" as closed_unlocked
        closed_unlocked : ? push [jammed]
        state "locked" as closed_locked
        closed_locked : ! unlock [else]
        closed_locked : knock
      }
      state "open" as open
      state "ashes" as ashes
      anywhere --> ashes : burn
      closed_anywhere --> open : kick
      closed_anywhere --> closed_unlocked : reset
      closed_unlocked --> closed_locked : ! lock [hasKey]
      closed_unlocked --> open : ? push [else]
      closed_locked --> closed_unlocked : ! unlock [hasKey && !jammed]
      open --> closed_unlocked : ! pull<br/>? slam
      classDef leaf fill:#ffffff,stroke:#1f2328,color:#1f2328
      class closed_unlocked,closed_locked,open leaf
      classDef last fill:#f6f8fa,stroke:#1f2328,stroke-width:3px,color:#1f2328
      class ashes last
      classDef helper fill:#ffffff,stroke:#57606a,stroke-dasharray:3 3,color:#57606a
      class anywhere,closed_anywhere helper
    "
  `);
});

test('a machine with regions is a state with regions; words of the language are no identifiers', () => {
  expect(mermaidStatechart(lamp)).toMatchInlineSnapshot(`
    "---
    title: "lamp & <switch> (? the world answers, ! the code acts)"
    ---
    stateDiagram-v2
      direction TB
      state "lamp" as s_ {
        state "state" as s_state {
          [*] --> state_end
          state "end" as state_end
          state "note" as state_note
        }
        --
        state "plug" as plug {
          [*] --> plug_out
          state "anywhere" as plug_anywhere
          state "out" as plug_out
          state "in" as plug_in
          state "broken" as plug_broken
        }
      }
      state_end --> state_note : ! on [in plug.in]
      state_note --> state_end : ! off
      state_note --> plug_out : pull
      plug_anywhere --> plug_out : done
      plug_out --> plug_in : in
      plug_in --> plug_broken : ? break
      classDef leaf fill:#ffffff,stroke:#1f2328,color:#1f2328
      class state_end,state_note,plug_out,plug_in leaf
      classDef last fill:#f6f8fa,stroke:#1f2328,stroke-width:3px,color:#1f2328
      class plug_broken last
      classDef helper fill:#ffffff,stroke:#57606a,stroke-dasharray:3 3,color:#57606a
      class plug_anywhere helper
    "
  `);
});

test('every state and every transition of the machine appears', () => {
  for (const spec of machines) {
    const text = mermaidStatechart(spec);
    const chart = statechart(spec);
    const lines = text.split('\n').map((line) => line.trim());
    for (const state of descendants(chart.root)) {
      expect(lines.filter((l) => l.startsWith(`state "${state.name}" as `)).length).toBeGreaterThan(0);
    }
    const shown = lines.flatMap((line) =>
      line.includes(' : ') ? line.slice(line.indexOf(' : ') + 3).split('<br/>') : [],
    );
    const wanted = chart.edges.flatMap((edge) => edge.labels.map((label) => label.text));
    expect(shown.map((label) => label.replace(/^[?!] /, '')).sort()).toEqual(wanted.sort());
  }
});

test('every identifier is declared once, and arrows use declared ones only', () => {
  for (const spec of machines) {
    const text = mermaidStatechart(spec);
    const declared = [...text.matchAll(/ as (\w+)/g)].map((m) => m[1]!);
    expect(new Set(declared).size).toBe(declared.length);
    for (const [, from, to] of text.matchAll(/^ *(\S+) --> (\S+)/gm)) {
      for (const end of [from!, to!]) expect(['[*]', ...declared]).toContain(end);
    }
  }
});

test('a trace', () => {
  expect(mermaidSequence(burglary)).toMatchInlineSnapshot(`
    "---
    title: "The door opens without a key (old lock)"
    ---
    sequenceDiagram
      participant p0 as world
      participant p1 as owner
      participant p2 as burglar
      p1->>p1: 1. lock[key=true]<br/>do_lock
      Note right of p1: door: closed.unlocked → closed.locked
      p0->>p1: 2. night_falls
      Note right of p0: owner: awake → asleep
      p2->>p2: 3. knock<br/>do_knock
      rect rgba(220, 20, 30, 0.15)
        p2->>p2: 4. unlock[key=false]<br/>do_unlock
        Note right of p2: door: closed.locked → closed.unlocked<br/>alarm: armed → fooled
      end
      Note over p0,p2: only-with-a-key<br/>door is closed.unlocked & nobody had a #60;key#62;
    "
  `);
});

test('names that are alike, reserved or empty of letters get identifiers of their own', () => {
  const ids = new MermaidIds();
  expect(['a.b', 'a_b', 'end', '', '1st', 'a.b'].map((name) => ids.of(name))).toEqual([
    'a_b',
    'a_b_2',
    's_end',
    's_',
    's_1st',
    'a_b',
  ]);
});

test('nothing in a label is read as syntax', () => {
  expect(stateText('a:b;c#d\n<e> "f" {g} %%')).not.toMatch(/[:;#<>"{}%\n]/);
  expect(messageText('p[0]: a;b#c <d>')).toBe('p[0]: a#59;b#35;c #60;d#62;');
});

test('the same bytes each time', () => {
  expect(mermaidStatechart(door)).toBe(mermaidStatechart(door));
  expect(mermaidSequence(burglary)).toBe(mermaidSequence(burglary));
});
