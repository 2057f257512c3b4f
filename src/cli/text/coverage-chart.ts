/** Coverage on the charts of the machines: which transitions a log exercised, by colour, line and sign. */
import { build } from '../../../machines/build.ts';
import { specFacts } from '../../conformance/spec-facts.ts';
import {
  type ChartEdge,
  type ChartLabel,
  dotStatechart,
  type Mark,
  type Marks,
  type Statechart,
  statechart,
  svgFromDot,
} from '../../render/index.ts';
import { defaultOptions } from '../../series/index.ts';
import { better, type CoverageRow, MACHINES, type Specification } from '../../trace/judge/index.ts';

const MARKS: Readonly<Record<CoverageRow['status'], Mark>> = {
  never: {
    colour: '#b3141f',
    line: 'dashed',
    width: 1.6,
    sign: '✗',
    meaning: 'never: such events are recorded, and this was not taken',
  },
  perhaps: {
    colour: '#8a5a00',
    line: 'dashed',
    width: 1.1,
    sign: '~',
    meaning: 'perhaps: one of several that fit what was recorded',
  },
  exercised: {
    colour: '#0a6b4f',
    line: 'solid',
    width: 2.2,
    sign: '✓',
    meaning: 'exercised, so many times',
  },
  hidden: {
    colour: '#57606a',
    line: 'dotted',
    width: 1.1,
    sign: '·',
    meaning: 'hidden: no such event is recorded, or can be on these platforms',
  },
};
// What was never seen comes first: an edge looks like the first of its transitions.
const LEGEND = [MARKS.never, MARKS.exercised, MARKS.perhaps, MARKS.hidden];

const isAt = (state: string, id: string) => id === '' || state === id || state.startsWith(`${id}.`);

/** What is known of the transitions that a label stands for. */
function knownOf({ edges }: Statechart, rows: readonly CoverageRow[]) {
  const leads = ({ state, to }: CoverageRow, { stays, target }: ChartEdge) =>
    stays ? to === state : isAt(to, target);
  return (edge: ChartEdge, { event }: ChartLabel) => {
    const own = rows.filter((row) => row.event === event && isAt(row.state, edge.source));
    const there = own.filter((row) => leads(row, edge));
    // Where a transition goes on at once, no row leads to its own target: it has those that no other one has.
    const others = edges.filter(
      (other) =>
        (other.target !== edge.target || other.stays !== edge.stays) &&
        other.source === edge.source &&
        other.labels.some((label) => label.event === event),
    );
    const meant = there.length > 0 ? there : own.filter((row) => !others.some((other) => leads(row, other)));
    const status = meant.reduce<CoverageRow['status']>((best, row) => better(best, row.status), 'hidden');
    const count = meant.reduce((sum, row) => sum + (row.status === status ? row.count : 0), 0);
    return { status, count };
  };
}

/** One drawing for each machine that followed an object. */
export async function coverageCharts(
  specification: Specification,
  coverage: readonly CoverageRow[],
): Promise<{ readonly path: string; readonly content: string }[]> {
  const [platform] = specification.platforms;
  const facts = specFacts(platform!, defaultOptions(platform!));
  const charts = [];
  for (const [name, file] of Object.entries(MACHINES)) {
    const rows = coverage.filter(({ machine }) => machine === name);
    if (rows.length === 0) continue;
    const spec = build(file, specification.series.patches, facts);
    const known = knownOf(statechart(spec), rows);
    const marks: Marks = {
      of: (edge, label) => MARKS[known(edge, label).status],
      note: (edge, label) => {
        const { status, count } = known(edge, label);
        if (status !== 'exercised') return '';
        // Which of several guards let it through the log does not say.
        const alike = edge.labels.filter(({ event }) => event === label.event).length > 1;
        return ` ×${count}${alike ? ' together' : ''}`;
      },
      legend: LEGEND,
    };
    charts.push({ path: `${name}.svg`, content: await svgFromDot(dotStatechart(spec, { marks })) });
  }
  return charts;
}
