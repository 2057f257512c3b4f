/**
 * Mermaid text, in the dialect that GitHub renders: a statechart as `stateDiagram-v2`, a trace as
 * `sequenceDiagram`. Mermaid cannot colour single arrows of a state diagram, so the kind of an event is a mark
 * before its name: `?` where the world answers, `!` where the code acts.
 */
import type { MachineSpec } from '../lts/types.ts';
import { MermaidIds, messageText, stateText } from './mermaid-text.ts';
import type { ChartEdge, ChartLabel, ChartState, Statechart } from './statechart.ts';
import { descendants, kindsUsed, statechart } from './statechart.ts';
import { GREY, INK, KIND_STYLE, PALE, PAPER } from './style.ts';
import type { Trace } from './trace.ts';
import { addressee, lifelines, loopStart, violates } from './trace.ts';

/**
 * The statechart of a machine as Mermaid text, without the fence. All transitions between two states share one
 * arrow; those that leave a state where it is are lines inside it. Mermaid lays out arrows from and to
 * composite states badly and refuses some, so there are none: what any part of a composite state may do starts
 * at a dashed state `anywhere` inside it, and an arrow to a composite state goes to where it starts.
 */
export function mermaidStatechart(spec: MachineSpec): string {
  return new StateDiagram(statechart(spec)).text();
}

class StateDiagram {
  private readonly ids = new MermaidIds();
  private readonly states: ReadonlyMap<string, ChartState>;
  private readonly arrows: readonly string[];
  /** The dashed states: identifier by the id of the state that they are in. Filled while arrows are made. */
  private readonly anywhere = new Map<string, string>();
  private readonly again = new Map<string, string>();

  constructor(private readonly chart: Statechart) {
    this.states = new Map([chart.root, ...descendants(chart.root)].map((state) => [state.id, state]));
    for (const id of this.states.keys()) this.ids.of(id);
    for (const edge of chart.edges) if (this.nested(edge.source)) this.helper(this.anywhere, edge.source);
    this.arrows = chart.edges.filter((edge) => !this.isLine(edge)).map((edge) => this.arrow(edge));
  }

  text(): string {
    const { name, root } = this.chart;
    // Regions are only drawn inside a state, and a machine without states is one itself.
    const wrapped = root.kind === 'parallel' || root.children.length === 0;
    return [
      '---',
      `title: ${JSON.stringify(`${name}${legend(this.chart)}`)}`,
      '---',
      'stateDiagram-v2',
      '  direction TB',
      ...(wrapped ? this.draw(root, '  ') : this.inside(root, '  ')),
      ...this.arrows,
      ...this.classes(),
      '',
    ].join('\n');
  }

  private nested(id: string): boolean {
    return this.states.get(id)!.children.length > 0;
  }

  /** Changes no state of its source, which is a leaf, or names no target. */
  private isLine(edge: ChartEdge): boolean {
    return edge.source === edge.target && (edge.stays || !this.nested(edge.source));
  }

  private arrow(edge: ChartEdge): string {
    const { source, target, labels } = edge;
    const from = this.nested(source) ? this.helper(this.anywhere, source) : this.ids.of(source);
    return `  ${from} --> ${this.head(target)} : ${labels.map(labelText).join('<br/>')}`;
  }

  /** Where an arrow to a state ends: at the innermost state that it starts in, if that is a single one. */
  private head(id: string): string {
    const state = this.states.get(id)!;
    if (state.children.length === 0) return this.ids.of(id);
    return state.initial === null ? this.helper(this.again, id) : this.head(state.initial);
  }

  private helper(map: Map<string, string>, id: string): string {
    const known = map.get(id) ?? this.ids.of(`${id} ${map === this.anywhere ? 'anywhere' : 'all'}`);
    map.set(id, known);
    return known;
  }

  private inside(parent: ChartState, indent: string): string[] {
    const anywhere = this.anywhere.get(parent.id);
    const again = this.again.get(parent.id);
    const helpers = [
      ...(anywhere === undefined
        ? []
        : [`${indent}state "anywhere" as ${anywhere}`, ...this.lines(parent, anywhere, indent)]),
      ...(again === undefined ? [] : [`${indent}state "all of it" as ${again}`]),
    ];
    const regions = parent.kind === 'parallel';
    const children = parent.children.flatMap((child, i) => [
      ...(regions && (i > 0 || helpers.length > 0) ? [`${indent}--`] : []),
      ...this.draw(child, indent),
    ]);
    const initial = parent.initial === null ? [] : [`${indent}[*] --> ${this.head(parent.initial)}`];
    return [...initial, ...helpers, ...children];
  }

  private draw(state: ChartState, indent: string): string[] {
    const id = this.ids.of(state.id);
    const head = `${indent}state "${stateText(state.name)}" as ${id}`;
    if (state.children.length === 0) return [head, ...this.lines(state, id, indent)];
    return [`${head} {`, ...this.inside(state, `${indent}  `), `${indent}}`];
  }

  /** The events that leave a state where it is, as lines of the box `id`; composite states cannot have any. */
  private lines(state: ChartState, id: string, indent: string): string[] {
    return this.chart.edges
      .filter((edge) => edge.source === state.id && this.isLine(edge))
      .flatMap((edge) => edge.labels.map((label) => `${indent}${id} : ${labelText(label)}`));
  }

  private classes(): string[] {
    const all = [...this.states.values()].filter((s) => s.children.length === 0);
    const ids = (states: readonly ChartState[]): string[] => states.map((s) => this.ids.of(s.id));
    const groups: [string, string, string[]][] = [
      ['leaf', `fill:${PAPER},stroke:${INK},color:${INK}`, ids(all.filter((s) => s.kind !== 'final'))],
      [
        'last',
        `fill:${PALE},stroke:${INK},stroke-width:3px,color:${INK}`,
        ids(all.filter((s) => s.kind === 'final')),
      ],
      [
        'helper',
        `fill:${PAPER},stroke:${GREY},stroke-dasharray:3 3,color:${GREY}`,
        [...this.anywhere.values(), ...this.again.values()],
      ],
    ];
    return groups.flatMap(([name, style, members]) =>
      members.length === 0 ? [] : [`  classDef ${name} ${style}`, `  class ${members.join(',')} ${name}`],
    );
  }
}

const labelText = (label: ChartLabel): string => stateText(`${KIND_STYLE[label.kind].mark}${label.text}`);

function legend(chart: Statechart): string {
  const parts = kindsUsed(chart)
    .filter((kind) => KIND_STYLE[kind].mark !== '')
    .map((kind) => `${KIND_STYLE[kind].mark}${KIND_STYLE[kind].meaning.split(': ')[1]}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}

/** A trace as a Mermaid sequence diagram: numbered events, what changed as notes, the violation in a red box. */
export function mermaidSequence(trace: Trace): string {
  const actors = lifelines(trace);
  const id = (actor: string): string => `p${actors.indexOf(actor)}`;
  const steps = trace.steps.map((step) => {
    const symbol = step.symbol === '' ? '' : `<br/>${messageText(step.symbol)}`;
    const arrow = `${id(step.actor)}->>${id(addressee(step, actors) ?? step.actor)}`;
    const lines = [`  ${arrow}: ${messageText(`${step.n}. ${step.event}`)}${symbol}`];
    if (step.changed.length > 0) {
      const changes = step.changed.map((c) => messageText(`${c.instance}: ${c.from} → ${c.to}`));
      lines.push(`  Note right of ${id(step.actor)}: ${changes.join('<br/>')}`);
    }
    return violates(trace, step)
      ? ['  rect rgba(220, 20, 30, 0.15)', ...lines.map((line) => `  ${line}`), '  end']
      : lines;
  });
  const start = loopStart(trace);
  const at = start === undefined ? steps.length : trace.steps.indexOf(start);
  const ends = [...new Set([actors[0], actors.at(-1)])].filter((actor) => actor !== undefined).map(id);
  const verdict = trace.verdict;
  return [
    '---',
    `title: ${JSON.stringify(trace.subtitle === undefined ? trace.title : `${trace.title} (${trace.subtitle})`)}`,
    '---',
    'sequenceDiagram',
    ...actors.map((actor) => `  participant ${id(actor)} as ${messageText(actor)}`),
    ...steps.slice(0, at).flat(),
    ...(start === undefined ? [] : ['  loop for ever', ...steps.slice(at).flat(), '  end']),
    ...(verdict === undefined || ends.length === 0
      ? []
      : [
          `  Note over ${ends.join(',')}: ${messageText(verdict.property)}<br/>${messageText(verdict.because)}`,
        ]),
    '',
  ].join('\n');
}
