/** The part of the summary on what fails: each finding with its replay command, and one of them step by step. */
import { type CheckedSubject, subjectLabel } from '../../conformance/subject.ts';
import { textTable } from '../../render/index.ts';
import { BASELINE, type Finding, knownFindings, V5 } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { coloursOf, command, count, paragraph, series } from './layout.ts';
import { heading, type MainJob } from './start-job.ts';
import { counterexampleTrace } from './verdicts.ts';

export function failsPart(io: Io, { checks, conformed }: MainJob): string[] {
  const c = coloursOf(io);
  const seen = new Map<
    string,
    {
      finding: Finding | undefined;
      steps: number;
      replay: string;
      name: string;
      checked: CheckedSubject;
      site: string;
      platforms: string[];
    }
  >();
  for (const { checked, result } of checks) {
    for (const { name, counterexamples } of result.properties) {
      for (const { site, steps, replay, finding: id } of counterexamples) {
        const { series: by, platform, system } = checked.subject;
        const key = `${by === V5 ? 'v5' : 'before'} ${id ?? `${name} ${site} ${system.name}`}`;
        const finding = knownFindings().find((listed) => listed.id === id);
        const known = seen.get(key) ?? { finding, steps, replay, name, checked, site, platforms: [] };
        seen.set(key, known);
        if (!known.platforms.includes(platform.name)) known.platforms.push(platform.name);
      }
    }
  }
  const lines = [heading(io, 'What fails')];
  if (seen.size === 0) lines.push('Nothing.');
  // What is not listed first, then in the order of the list.
  const rank = ({ finding }: { finding: Finding | undefined }) =>
    finding === undefined ? -1 : knownFindings().indexOf(finding);
  const all = [...seen.values()].sort((a, b) => rank(a) - rank(b));
  for (const series of [V5, BASELINE]) {
    const mine = all.filter(({ checked }) => checked.subject.series === series);
    const label = series === V5 ? 'With the whole series' : 'Without the series';
    if (mine.length === 0) {
      lines.push(`${label}: nothing in the specification.`);
      continue;
    }
    lines.push(`${label}:`, '');
    for (const { finding, steps, replay, name, checked, site, platforms } of mine) {
      const title = finding === undefined ? `${name} fails at ${site}` : finding.title;
      const judgement = finding === undefined ? 'not in the list of known findings' : finding.judgement;
      lines.push(
        c.red(paragraph(io, `${title} (${name})`, 2)),
        paragraph(
          io,
          `${platforms.join(', ')}; ${count(steps, 'step')} on ${checked.subject.platform.name}; ${judgement}`,
          4,
        ),
        `    ${c.cyan(replay)}`,
      );
    }
    lines.push('');
  }
  // Of what the series repairs, where the shortest way shows most.
  const example = all.find(({ finding }) => finding?.id === 'pool-encrypted-in-softirq') ?? all[0];
  if (example !== undefined) lines.push(...exampleText(io, example, checks));
  for (const { subject, machines, result } of conformed) {
    const failing = result.properties.filter(({ holds }) => holds === false);
    if (failing.length === 0) continue;
    const whose = machines === subject.series ? 'its own machines' : `the machines of ${machines.name}`;
    const [first] = failing[0]!.counterexamples;
    lines.push(
      paragraph(
        io,
        `${subjectLabel(subject)}: the simulated kernel against ${whose} shows ${series(failing.map(({ name, counterexamples }) => `${name} (${count(counterexamples.length, 'place')})`))}; for one:`,
      ),
      command(io, first!.replay),
    );
  }
  lines.push('');
  return lines;
}

/** The first failure as a table, and what has become of it with the whole series. */
function exampleText(
  io: Io,
  { checked, name, site, replay }: { checked: CheckedSubject; name: string; site: string; replay: string },
  checks: MainJob['checks'],
): string[] {
  const { system, platform, options } = checked.subject;
  const trace = counterexampleTrace(checked, name, site)!;
  const after = checks.find(
    ({ checked: { subject } }) =>
      subject.series === V5 &&
      subject.system === system &&
      subject.platform === platform &&
      JSON.stringify(subject.options) === JSON.stringify(options),
  );
  const holds = after?.result.properties.find((property) => property.name === name)?.status === 'holds';
  return [
    'One of them, step by step:',
    '',
    textTable(trace, { width: io.width, colour: io.colour }),
    '',
    ...(holds && checked.subject.series !== V5
      ? [
          paragraph(
            io,
            `With the whole series ${name} holds there, in every one of ${after!.result.states} states:`,
          ),
          command(io, replay.replace(`--series ${checked.subject.series.name}`, '--series v5')),
          '',
        ]
      : []),
  ];
}
