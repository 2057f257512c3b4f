/**
 * A statechart as DOT: clusters for nested states, one edge for all transitions between two states, what does
 * not leave a state listed inside it. Meant for `svgFromDot`, and for anyone's own Graphviz.
 *
 * Graphviz has no edges from a cluster; they start at a node inside it and are cut at its border. Where that
 * would leave nothing (a compound state to one of its own parts), the edge starts at a small node `anywhere`
 * within the compound state instead. An edge to a compound state runs to where that starts.
 */
import type { MachineSpec } from '../lts/types.ts';
import type { Mark, Marks } from './marks.ts';
import type { ChartEdge, ChartLabel, ChartState, Statechart } from './statechart.ts';
import { descendants, isWithin, kindsUsed, statechart } from './statechart.ts';
import { GREY, INK, KIND_STYLE, PALE, PAPER, RULE } from './style.ts';
import { textWidth, wrapColumns, xml, xmlId } from './text.ts';

export interface DotOptions {
  /** Direction of the layout: `TB` downwards (default), `LR` to the right. */
  readonly direction?: 'TB' | 'LR';
  /** Print the descriptions of states under their names. Default: yes. */
  readonly descriptions?: boolean;
  /** What is said of each transition, in place of the kind of its event. */
  readonly marks?: Marks;
}

/** Characters in a line of a label, an in-state event or a description. */
const COLUMNS = 34;
/** Graphviz knows the widths of this font, the widest of those that the SVG asks for (see `FONT_STACK`). */
const FONT = 'DejaVu Sans';

/** The statechart of a machine as DOT, on a white ground, with a legend of the kinds of event that occur. */
export function dotStatechart(spec: MachineSpec, options: DotOptions = {}): string {
  const chart = statechart(spec);
  const states = chart.root.children.length > 0 ? chart.root.children : [chart.root];
  const writer = new Writer(chart, options.descriptions ?? true, options.marks);
  return [
    `digraph ${quote(chart.name)} {`,
    `  graph [compound=true, newrank=true, rankdir=${options.direction ?? 'TB'}, bgcolor="${PAPER}", pad=0.2, nodesep=0.3, ranksep=0.45,`,
    `    fontname="${FONT}", fontsize=12, fontcolor="${INK}", labelloc=t, labeljust=l,`,
    `    label=${writer.heading()}]`,
    `  node [shape=box, style="rounded,filled", fillcolor="${PAPER}", color="${INK}", fontname="${FONT}", fontsize=12, fontcolor="${INK}", margin="0.1,0.06", height=0.3]`,
    `  edge [fontname="${FONT}", fontsize=10, fontcolor="${INK}", arrowsize=0.7]`,
    '',
    ...writer.inside(chart.root, states, '  '),
    '',
    ...chart.edges.flatMap((edge) => writer.edge(edge)),
    '}',
    '',
  ].join('\n');
}

class Writer {
  private readonly states: ReadonlyMap<string, ChartState>;
  /** Compound and parallel states that need a node to start from, or to come back to as a whole. */
  private readonly anywhere: ReadonlySet<string>;
  private readonly again: ReadonlySet<string>;

  constructor(
    private readonly chart: Statechart,
    private readonly descriptions: boolean,
    private readonly marks: Marks | undefined,
  ) {
    this.states = new Map([chart.root, ...descendants(chart.root)].map((state) => [state.id, state]));
    const drawn = chart.edges.filter((edge) => !edge.stays && this.nested(edge.source));
    this.anywhere = new Set(drawn.filter((e) => this.holds(e.source, e.target)).map((e) => e.source));
    const entered = chart.edges.filter(
      (e) => !e.stays && this.nested(e.target) && this.holds(e.target, e.source),
    );
    this.again = new Set(entered.filter((e) => this.state(e.target).initial === null).map((e) => e.target));
  }

  private state(id: string): ChartState {
    const state = this.states.get(id);
    if (state === undefined) throw new Error(`chart '${this.chart.name}' has no state '${id}'`);
    return state;
  }

  private nested(id: string): boolean {
    return this.state(id).children.length > 0;
  }

  /** Whether the border of `outer` would have both ends of an edge from or to `inner` on one side. */
  private holds(outer: string, inner: string): boolean {
    return outer === inner || isWithin(inner, outer);
  }

  heading(): string {
    const row = (colour: string, sample: string, meaning: string): string => {
      const cell = (text: string): string =>
        `<TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="${colour}">${text}</FONT></TD>`;
      return `<TR>${cell(sample)}${cell(xml(meaning))}</TR>`;
    };
    const legend = this.marks
      ? this.marks.legend.map(({ colour, sign, meaning }) => row(colour, `<B>${xml(sign)}</B>`, meaning))
      : kindsUsed(this.chart).map((kind) => {
          const { colour, sample, meaning } = KIND_STYLE[kind];
          return row(colour, kind === 'observation' ? `<B>${sample}</B>` : sample, meaning);
        });
    if (this.chart.edges.some((edge) => this.listedInside(edge))) {
      legend.push(
        `<TR><TD></TD><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="${GREY}">listed in a state: it stays there</FONT></TD></TR>`,
      );
    }
    // The machine itself has no box that could list what leaves it where it is.
    const staying = this.chart.edges.filter((edge) => edge.source === '' && edge.stays && this.nested(''));
    const always = staying
      .flatMap((edge) => edge.labels.map((label) => [edge, label] as const))
      .map(
        ([edge, label]) =>
          `<TR><TD ALIGN="LEFT" COLSPAN="2"><FONT POINT-SIZE="10" COLOR="${this.colour(edge, label)}">${xml(`anywhere: ${this.text(edge, label)}`)}</FONT></TD></TR>`,
      );
    const title = `<TR><TD ALIGN="LEFT" COLSPAN="2"><FONT POINT-SIZE="14"><B>${xml(this.chart.name)}</B></FONT></TD></TR>`;
    return `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">${title}${[...always, ...legend].join('')}</TABLE>>`;
  }

  /** The contents of the root or of a cluster: initial marker, helper nodes, children. */
  inside(parent: ChartState, children: readonly ChartState[], indent: string): string[] {
    const lines: string[] = [];
    if (parent.initial !== null) {
      const id = this.id('initial', parent.id);
      lines.push(
        `${indent}${start(parent.id)} [id=${id}, shape=circle, style=filled, fillcolor="${INK}", label="", width=0.11, height=0.11, fixedsize=true]`,
        `${indent}${start(parent.id)} -> ${this.end(parent.initial)} [id=${this.id('initial-edge', parent.id)}${this.cut('lhead', parent.initial)}, color="${INK}"]`,
      );
    }
    for (const [set, node, text] of [
      [this.anywhere, anywhere(parent.id), 'anywhere'],
      [this.again, again(parent.id), 'all again'],
    ] as const) {
      if (!set.has(parent.id)) continue;
      const id = this.id(text.replace(' ', '-'), parent.id);
      lines.push(
        `${indent}${node} [id=${id}, label="${text}", shape=box, style="rounded,dashed", color="${GREY}", fontcolor="${GREY}", fontsize=10, height=0.2, margin="0.07,0.02"]`,
      );
    }
    return [...lines, ...children.flatMap((child) => this.draw(child, indent))];
  }

  private draw(state: ChartState, indent: string): string[] {
    if (state.children.length === 0) {
      return [
        `${indent}${quote(state.id)} [id=${this.id('state', state.id)}, ${shape(state)}, label=${this.label(state)}]`,
      ];
    }
    const parallel = state.kind === 'parallel' ? ', style="rounded,filled,bold"' : ', style="rounded,filled"';
    const region = this.isRegion(state) ? ', style="rounded,filled,dashed"' : parallel;
    return [
      `${indent}subgraph ${quote(`cluster_${state.id}`)} {`,
      `${indent}  graph [id=${this.id('state', state.id)}, label=${this.label(state)}, labeljust=l, margin=10${region}, color="${GREY}", fillcolor="${PALE}"]`,
      ...this.inside(state, state.children, `${indent}  `),
      `${indent}}`,
    ];
  }

  private isRegion(state: ChartState): boolean {
    const parent = [...this.states.values()].find((s) => s.children.includes(state));
    return parent?.kind === 'parallel';
  }

  /** Name, description, and the events that do not leave the state. */
  private label(state: ChartState): string {
    const listed = this.chart.edges.filter((edge) => edge.source === state.id && this.listedInside(edge));
    const doc = this.descriptions ? state.doc : null;
    // A lone name is a plain label, which viewers centre by their own fonts.
    if (state.children.length === 0 && listed.length === 0 && doc === null) {
      const width = (textWidth(state.name, 12, true) + 16) / 72;
      return `${quote(state.name)}, fontname="${FONT} Bold", width=${width.toFixed(2)}`;
    }
    const align = state.children.length > 0 ? ' ALIGN="LEFT"' : '';
    const rows = [`<TR><TD${align}><B>${xml(state.name)}</B></TD></TR>`];
    const small = (text: string, colour: string): string =>
      `<TR><TD ALIGN="LEFT"><FONT POINT-SIZE="10" COLOR="${colour}">${xml(text)}</FONT></TD></TR>`;
    if (doc !== null) {
      rows.push(...wrapColumns(doc, COLUMNS).map((line) => small(line, GREY)));
    }
    if (listed.length > 0) {
      if (state.children.length === 0) rows.push(SEPARATOR);
      for (const edge of listed) {
        for (const label of edge.labels)
          rows.push(
            ...labelLines(this.text(edge, label)).map((line) => small(line, this.colour(edge, label))),
          );
      }
    }
    return `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">${rows.join('')}</TABLE>>`;
  }

  /** A transition of a leaf to itself, or one without a target, changes no state: a line, not an arrow. */
  private listedInside(edge: ChartEdge): boolean {
    return edge.stays || (edge.source === edge.target && !this.nested(edge.source));
  }

  edge(edge: ChartEdge): string[] {
    if (this.listedInside(edge)) return [];
    const { source, target } = edge;
    const own = this.nested(source) && this.holds(source, target);
    const back = this.nested(target) && this.holds(target, source);
    const from = own ? anywhere(source) : this.end(source);
    const to = back && this.state(target).initial === null ? again(target) : this.end(target);
    // Into a compound state the edge runs to where that starts: cut at the border, its label would lie beyond
    // its end. Only what enters several regions at once ends at the border.
    const cuts = `${own ? '' : this.cut('ltail', source)}${back || this.startsAtOne(target) ? '' : this.cut('lhead', target)}`;
    const { colour, line, width } = this.style(edge);
    return [
      `  ${from} -> ${to} [id=${this.id('edge', `${source}..${target}`)}${cuts}, color="${colour}", style=${line}, penwidth=${width}, label=${this.edgeLabel(edge)}]`,
    ];
  }

  private style(edge: ChartEdge): Pick<Mark, 'colour' | 'line' | 'width'> {
    const { marks } = this;
    if (marks === undefined) {
      const kinds = new Set(edge.labels.map((label) => label.kind));
      return kinds.size === 1 ? KIND_STYLE[[...kinds][0]!] : MIXED;
    }
    const own = new Set(edge.labels.map((label) => marks.of(edge, label)));
    return marks.legend.find((mark) => own.has(mark)) ?? MIXED;
  }

  private colour(edge: ChartEdge, label: ChartLabel): string {
    return this.marks?.of(edge, label).colour ?? KIND_STYLE[label.kind].colour;
  }

  private text(edge: ChartEdge, label: ChartLabel): string {
    const { marks } = this;
    return marks === undefined
      ? label.text
      : `${marks.of(edge, label).sign} ${label.text}${marks.note?.(edge, label) ?? ''}`;
  }

  private edgeLabel(edge: ChartEdge): string {
    const rows = edge.labels.flatMap((label) =>
      labelLines(this.text(edge, label)).map(
        (line) =>
          `<TR><TD WIDTH="4"></TD><TD ALIGN="LEFT"><FONT COLOR="${this.colour(edge, label)}">${xml(line)}</FONT></TD></TR>`,
      ),
    );
    return `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">${rows.join('')}</TABLE>>`;
  }

  /** The node that stands for a state as an end of an edge: itself, or where a nested one starts. */
  private end(id: string): string {
    const state = this.state(id);
    if (state.children.length === 0) return quote(id);
    return state.initial !== null ? this.end(state.initial) : this.end(state.children[0]!.id);
  }

  private startsAtOne(id: string): boolean {
    const { initial } = this.state(id);
    return initial !== null && (!this.nested(initial) || this.startsAtOne(initial));
  }

  private cut(attribute: 'lhead' | 'ltail', id: string): string {
    return this.nested(id) ? `, ${attribute}=${quote(`cluster_${id}`)}` : '';
  }

  private id(kind: string, id: string): string {
    return quote(xmlId(`${this.chart.name}-${kind}${id === '' ? '' : `-${id}`}`));
  }
}

/** Between a state's name and the events that leave it where it is. */
const SEPARATOR = `<TR><TD SIDES="B" BORDER="1" COLOR="${RULE}" HEIGHT="4"></TD></TR><TR><TD HEIGHT="2"></TD></TR>`;

/** Labels of several kinds on one edge: the lines keep their colours, the edge has none. */
const MIXED: Pick<Mark, 'colour' | 'line' | 'width'> = { colour: INK, line: 'solid', width: 1.1 };

/** A label in lines; what continues is indented (by no-break spaces, which XML does not collapse). */
function labelLines(text: string): string[] {
  return wrapColumns(text, COLUMNS).map((line, i) => (i === 0 ? line : `\u00a0\u00a0${line}`));
}

function shape(state: ChartState): string {
  if (state.kind === 'final') return `peripheries=2, fillcolor="${PALE}"`;
  if (state.kind === 'history') return `shape=circle, color="${RULE}"`;
  return `fillcolor="${PAPER}"`;
}

const start = (id: string): string => quote(`${id} (initial)`);
const anywhere = (id: string): string => quote(`${id} (anywhere)`);
const again = (id: string): string => quote(`${id} (all again)`);

function quote(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"')}"`;
}
