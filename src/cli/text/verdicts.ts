/** One subject, explored and judged, for people. */
import { type CheckedSubject, idlePatches, type Subject, subjectLabel } from '../../conformance/subject.ts';
import { type Counterexample, deadParts, describePath, type Graph, type Verdict } from '../../lts/index.ts';
import { type Trace, textRows, textTable } from '../../render/index.ts';
import { knownFindings } from '../../series/index.ts';
import { type Stopped, stoppedText } from '../bounds.ts';
import type { Io } from '../io.ts';
import type { CheckResult, PropertyResult, Result } from '../results.ts';
import { statisticsText } from '../statistics.ts';
import { shortSteps } from './changes.ts';
import { coverageText } from './coverage.ts';
import { coloursOf, command, count, numbers, paragraph } from './layout.ts';

/** Which applied patches act in the system, and which do not yet. */
export function patchesText({ system, series }: Subject): string {
  const acting = system.patches.filter((patch) => series.patches.has(patch));
  const idle = idlePatches({ system, series });
  if (series.patches.size === 0) return 'No patch of the series is applied.';
  const does =
    acting.length === 0
      ? 'No applied patch acts in this system'
      : `Of the applied patches ${numbers(acting)} ${acting.length === 1 ? 'acts' : 'act'} in this system`;
  const rest =
    idle.length === 0 ? '' : `; ${numbers(idle)} ${idle.length === 1 ? 'does' : 'do'} not act in it`;
  return `${does}${rest}.`;
}

/** The table of properties; a `possible` stands with the property that it witnesses. */
export function verdictTable(io: Io, verdicts: readonly Verdict[]): string {
  const rows: string[][] = [];
  for (const verdict of verdicts) {
    if (verdict.kind === 'possible') continue;
    const witnesses = verdicts.filter(
      (other) => other.kind === 'possible' && other.witnesses === verdict.name,
    );
    rows.push([verdict.name, verdictWord(verdict), shown(verdict, witnesses)]);
    for (const missing of witnesses.filter(({ status }) => status === 'fails')) {
      rows.push(['', 'FAILS', `must be possible, and nothing reaches it: ${missing.doc}`]);
    }
  }
  const c = coloursOf(io);
  return textRows(rows, ['property', 'verdict', 'shown by'], {
    width: io.width,
    paint: (text, row, column) => {
      if (row < 0) return c.bold(text);
      if (column !== 1) return text;
      return text === 'FAILS' ? c.red(text) : text === 'holds' ? c.green(text) : c.dim(text);
    },
  });
}

const verdictWord = ({ status }: Verdict): string => (status === 'fails' ? 'FAILS' : status);

function shown(verdict: Verdict, witnesses: readonly Verdict[]): string {
  if (verdict.status === 'fails') {
    return verdict.counterexamples.map(({ site, steps }) => `${count(steps, 'step')}, at ${site}`).join('\n');
  }
  if (verdict.status === 'not reachable') return 'nothing that it speaks of happens here';
  if (verdict.status === 'not decided') return 'a bound was hit before the answer was known';
  const seen = witnesses.filter(({ status }) => status === 'holds');
  if (seen.length === 0) return 'every reachable state';
  return seen.map(({ doc, steps }) => `${doc} (${count(steps ?? 0, 'step')})`).join('\n');
}

/** The counterexample of a property at a site (by default the shortest) as a trace; null where there is none. */
export function counterexampleTrace(checked: CheckedSubject, property: string, site?: string): Trace | null {
  const verdict = checked.verdicts.find(({ name }) => name === property);
  const found = verdict?.counterexamples.find((one) => site === undefined || one.site === site);
  return found === undefined ? null : traceOf(checked, property, found);
}

/** A counterexample as a trace. */
export function traceOf({ graph, subject }: CheckedSubject, property: string, found: Counterexample): Trace {
  return {
    title: `${property} fails at ${found.site}`,
    subtitle: subjectLabel(subject),
    steps: shortSteps(describePath(graph.network, [...found.path, ...(found.loop ?? [])])),
    ...(found.loop === undefined ? {} : { repeats: found.loop.length }),
    verdict: { property, because: found.because },
  };
}

/** A subject's whole report: counts, properties, each counterexample with its replay command. */
export function checkText(io: Io, checked: CheckedSubject, result: CheckResult, stats = false): string {
  const c = coloursOf(io);
  const { graph, verdicts, subject } = checked;
  const parts = [c.bold(subjectLabel(subject)), paragraph(io, graphText(result))];
  parts.push(paragraph(io, patchesText(subject)));
  if (stats) parts.push(paragraph(io, statisticsText(result.statistics)));
  const impossible = impossibleText(result);
  if (impossible !== null) parts.push(c.yellow(paragraph(io, impossible)));
  const dead = deadText(graph, result);
  if (dead !== null) parts.push(paragraph(io, dead));
  parts.push('', verdictTable(io, verdicts));
  if (result.stopped !== null)
    parts.push('', c.yellow(paragraph(io, boundText(result, result.stopped, graph))));
  result.properties.forEach(({ name, counterexamples }, p) => {
    counterexamples.forEach(({ finding, replay }, n) => {
      const trace = traceOf(checked, name, verdicts[p]!.counterexamples[n]!);
      parts.push('', textTable(trace, { width: io.width, colour: io.colour }));
      parts.push(paragraph(io, judgementText(finding)), 'Replay it:', command(io, replay));
    });
  });
  if (result.coverage !== undefined) parts.push('', coverageText(io, result.coverage));
  return parts.join('\n');
}

/**
 * A warning of rendezvous that cannot happen. On most platforms there are some: what a machine does there only with
 * other facts is not taken out of the alphabets.
 */
function impossibleText({ impossible }: CheckResult): string | null {
  if (impossible.length === 0) return null;
  const by = new Map<string, string[]>();
  for (const { event, instance } of impossible) by.set(event, [...(by.get(event) ?? []), instance]);
  const listed = [...by].map(([event, instances]) => `${event} (${instances.join(', ')})`);
  return `Warning: can never happen here, for who is in brackets never offers it: ${listed.join('; ')}.`;
}

/**
 * The other events that never happen here, by type. One run only lists them: other series, platforms and options have
 * them, and a test sees that none is dead in all.
 */
function deadText(graph: Graph, { impossible }: CheckResult): string | null {
  const named = new Set(impossible.map(({ event }) => event));
  const events = deadParts(graph).events.filter((event) => !named.has(event));
  if (!graph.complete || events.length === 0) return null;
  const types = new Map<string, number>();
  for (const label of events) {
    const type = label.replace(/\[.*/, '');
    types.set(type, (types.get(type) ?? 0) + 1);
  }
  const listed = [...types].map(([type, n]) => (n === 1 ? type : `${type} (${n})`));
  return `Dead here, of ${graph.network.events.length} events: ${listed.join(', ')}.`;
}

function graphText({ complete, states, transitions }: Result): string {
  return complete
    ? `Explored completely: ${states} states, ${transitions} transitions.`
    : `Not explored completely: ${states} states, ${transitions} transitions.`;
}

/** Which bound was hit, how far it got, and what to do. */
export function boundText(
  { states, transitions }: Pick<Result, 'states' | 'transitions'>,
  stopped: Stopped,
  graph?: Graph,
): string {
  const reached =
    graph === undefined || graph.complete
      ? ''
      : `, ${graph.expanded} of them expanded, up to ${count(graph.cost.depth, 'step')} from the start`;
  const more = graph?.complete === true ? 'not every property was judged' : 'there are more';
  return `${stoppedText(stopped)}: ${states} states and ${transitions} transitions were found${reached}; ${more}. ${ADVICE[stopped]}`;
}

const ADVICE: Readonly<Record<Stopped, string>> = {
  states: 'Give a larger --max-states, or none.',
  memory: 'Give a larger --max-memory, or check fewer things at once.',
  time: 'Give a longer --timeout, or none.',
  interrupt: 'What was found so far is shown.',
};

/** What is known of a counterexample. */
export function judgementText(finding: string | null): string {
  const known = knownFindings().find(({ id }) => id === finding);
  if (known === undefined) return 'This is not in the list of known findings (src/series/findings.json).';
  return `Known as ${known.id}: ${known.judgement}.`;
}

/** `11 of 12 properties hold; one-owner fails`. */
export function summaryText(properties: readonly PropertyResult[]): string {
  const safety = properties.filter(({ kind }) => kind !== 'possible');
  const failing = properties.filter(({ holds }) => holds === false);
  const holding = safety.filter(({ status }) => status === 'holds').length;
  const open = safety.filter(({ status }) => status === 'not decided').length;
  const idle = safety.filter(({ status }) => status === 'not reachable').length;
  return [
    `${holding} of ${count(safety.length, 'property', 'properties')} ${holding === 1 ? 'holds' : 'hold'}`,
    ...(idle > 0 ? [`${idle} not reachable`] : []),
    ...(open > 0 ? [`${open} not decided`] : []),
    ...(failing.length > 0 ? [`failing: ${failing.map(({ name }) => name).join(', ')}`] : []),
  ].join('; ');
}
