import { expect, test } from 'vitest';
import { setup } from 'xstate';
import { dotStatechart, statechart, svgFromDot } from '../../src/render/index.ts';
import { descendants } from '../../src/render/statechart.ts';
import { textWidth } from '../../src/render/text.ts';
import { door, machines } from './machines.ts';
import { all, type Element, parseXml } from './xml-check.ts';

const bulb = {
  name: 'bulb',
  machine: setup({ guards: { whole: () => true } }).createMachine({
    id: 'bulb',
    initial: 'dark',
    states: {
      dark: { on: { press: { guard: 'whole', target: 'bright' } } },
      bright: { on: { fade: 'dark', hum: 'bright' } },
    },
  }),
  alphabet: {
    press: { kind: 'stimulus', actor: 'hand', symbol: 'press' },
    fade: { kind: 'observation', actor: 'bulb', symbol: 'fade' },
    hum: { kind: 'observation', actor: 'bulb', symbol: 'hum' },
  },
} as const;

test('a statechart in DOT', () => {
  expect(dotStatechart(bulb)).toMatchInlineSnapshot(`
    "digraph "bulb" {
      graph [compound=true, newrank=true, rankdir=TB, bgcolor="#ffffff", pad=0.2, nodesep=0.3, ranksep=0.45,
        fontname="DejaVu Sans", fontsize=12, fontcolor="#1f2328", labelloc=t, labeljust=l,
        label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2"><TR><TD ALIGN="LEFT" COLSPAN="2"><FONT POINT-SIZE="14"><B>bulb</B></FONT></TD></TR><TR><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="#0b5cad">——</FONT></TD><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="#0b5cad">stimulus: the world acts</FONT></TD></TR><TR><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="#0a6b4f"><B>——</B></FONT></TD><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="#0a6b4f">observation: the code acts</FONT></TD></TR><TR><TD></TD><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="#57606a">listed in a state: it stays there</FONT></TD></TR></TABLE>>]
      node [shape=box, style="rounded,filled", fillcolor="#ffffff", color="#1f2328", fontname="DejaVu Sans", fontsize=12, fontcolor="#1f2328", margin="0.1,0.06", height=0.3]
      edge [fontname="DejaVu Sans", fontsize=10, fontcolor="#1f2328", arrowsize=0.7]

      " (initial)" [id="bulb-initial", shape=circle, style=filled, fillcolor="#1f2328", label="", width=0.11, height=0.11, fixedsize=true]
      " (initial)" -> "dark" [id="bulb-initial-edge", color="#1f2328"]
      "dark" [id="bulb-state-dark", fillcolor="#ffffff", label="dark", fontname="DejaVu Sans Bold", width=0.65]
      "bright" [id="bulb-state-bright", fillcolor="#ffffff", label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD><B>bright</B></TD></TR><TR><TD SIDES="B" BORDER="1" COLOR="#d0d7de" HEIGHT="4"></TD></TR><TR><TD HEIGHT="2"></TD></TR><TR><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="#0a6b4f">hum</FONT></TD></TR></TABLE>>]

      "dark" -> "bright" [id="bulb-edge-dark..bright", color="#0b5cad", style=solid, penwidth=1.1, label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD WIDTH="4"></TD><TD ALIGN="LEFT"><FONT COLOR="#0b5cad">press [whole]</FONT></TD></TR></TABLE>>]
      "bright" -> "dark" [id="bulb-edge-bright..dark", color="#0a6b4f", style=solid, penwidth=2.2, label=<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1"><TR><TD WIDTH="4"></TD><TD ALIGN="LEFT"><FONT COLOR="#0a6b4f">fade</FONT></TD></TR></TABLE>>]
    }
    "
  `);
});

test('every state and every label of a machine is in the DOT, nested ones in clusters', () => {
  for (const spec of machines) {
    // Labels wrap; compare without white space and without the markup between lines.
    const text = dotStatechart(spec).replace(/<[^<>]*>|\s|\u00a0/g, '');
    const chart = statechart(spec);
    for (const state of descendants(chart.root)) {
      const id = state.children.length > 0 ? `cluster_${state.id}` : state.id;
      expect(text).toContain(`"${id}"`);
      expect(text).toContain(state.name);
    }
    for (const label of chart.edges.flatMap((edge) => edge.labels)) {
      expect(text).toContain(label.text.replace(/\s/g, '').replace(/&/g, '&amp;'));
    }
  }
});

test('the layout goes the way that is asked for, and descriptions can be left out', () => {
  expect(dotStatechart(door, { direction: 'LR' })).toContain('rankdir=LR');
  expect(dotStatechart(door)).toContain('The leaf is in its frame.');
  expect(dotStatechart(door, { descriptions: false })).not.toContain('The leaf is in its frame.');
});

test('the SVG is well-formed, titled, on white, without comments, versions and ids of Graphviz', async () => {
  for (const spec of machines) {
    const svg = await svgFromDot(dotStatechart(spec));
    const root = parseXml(svg);
    expect(root).toMatchObject({ name: 'svg', attributes: { role: 'img' } });
    expect(root.children[0]).toMatchObject({
      name: 'title',
      text: spec.name,
      attributes: { id: root.attributes['aria-labelledby'] },
    });
    expect(all(root, 'polygon')[0]!.attributes.fill).toBe('#ffffff');
    expect(svg).not.toMatch(/<!--|<!DOCTYPE|raphviz|DejaVu Sans"|id="(node|edge|graph|clust)\d/);
    expect(root.attributes.width).toMatch(/^[\d.]+$/);
  }
});

test('the same bytes each time, whatever was drawn between', async () => {
  const first = await svgFromDot(dotStatechart(door));
  await svgFromDot(dotStatechart(bulb));
  expect(await svgFromDot(dotStatechart(door))).toBe(first);
});

test('no text of a state is wider than its box, in the widest font of the stack', async () => {
  for (const spec of machines) {
    const root = parseXml(await svgFromDot(dotStatechart(spec)));
    const nodes = all(root, 'g').filter((g) => g.attributes.class === 'node');
    for (const node of nodes) {
      const [left, right] = extent(node);
      for (const text of all(node, 'text')) {
        const size = Number(text.attributes['font-size'] ?? root.attributes['font-size']);
        const width = textWidth(text.text, size, text.attributes['font-weight'] === 'bold');
        const x = Number(text.attributes.x);
        const start = text.attributes['text-anchor'] === 'middle' ? x - width / 2 : x;
        expect(start, text.text).toBeGreaterThanOrEqual(left);
        expect(start + width, text.text).toBeLessThanOrEqual(right);
      }
    }
    expect(nodes.length).toBeGreaterThan(0);
  }
});

/** Left and right of a node's outline. */
function extent(node: Element): [number, number] {
  const xs = [...all(node, 'path'), ...all(node, 'polygon')]
    .flatMap((shape) => [
      ...(shape.attributes.d ?? shape.attributes.points ?? '').matchAll(/(-?[\d.]+),-?[\d.]+/g),
    ])
    .map((match) => Number(match[1]));
  const edges = all(node, 'rect').flatMap(({ attributes: { x, width } }) => [
    Number(x),
    Number(x) + Number(width),
  ]);
  return [Math.min(...xs, ...edges), Math.max(...xs, ...edges)];
}

test('a box with round corners is a rectangle of that size, and no other curve becomes one', async () => {
  const dot = `digraph boxes {
    a [shape=box, style=rounded, fixedsize=true, width=2, height=1, label=""]
    c [shape=ellipse, fixedsize=true, width=2, height=1, label=""]
    a -> c -> c
  }`;
  const root = parseXml(await svgFromDot(dot));
  // Graphviz has 72 points an inch.
  expect(all(root, 'rect').map(({ attributes: { width, height, rx } }) => [width, height, rx])).toEqual([
    ['144', '72', '12'],
  ]);
  expect(all(root, 'ellipse')).toHaveLength(1);
  expect(all(root, 'path')).toHaveLength(2);
});

test('a text that is no graph is refused with the reason', async () => {
  await expect(svgFromDot('digraph { a -> ')).rejects.toThrow(/Graphviz refuses this graph: syntax error/);
});
