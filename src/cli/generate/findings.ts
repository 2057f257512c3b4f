/** generated/findings.md and generated/counterexamples: the known findings, with the shortest ways to them. */
import type { System } from '../../../machines/systems/index.ts';
import { subjectArguments } from '../../conformance/subject.ts';
import { markdown, markdownTable } from '../../render/index.ts';
import { type Alternative, type Finding, INSTRUMENTS, knownFindings } from '../../series/index.ts';
import type { Lab } from '../lab.ts';
import { numbers, series } from '../text/layout.ts';
import { counterexampleTrace } from '../text/verdicts.ts';
import { shellWord } from '../usage.ts';
import { drawings, type Exhibit, exhibits } from './exhibits.ts';
import type { GeneratedFile } from './file.ts';

export async function* findingFiles(lab: Lab, systems: readonly System[]): AsyncIterable<GeneratedFile> {
  const shown = exhibits(systems);
  const drawn = drawings(shown);
  for (const exhibit of shown) {
    const content = counterexampleText(lab, exhibit, drawn.has(exhibit));
    if (content === null) continue;
    const { finding, label } = exhibit;
    yield {
      path: `counterexamples/${finding.id}.md`,
      content,
      cause: `the counterexample of finding ${finding.id} on ${label}`,
    };
  }
  yield { path: 'findings.md', content: overview(lab, shown), cause: 'the list src/series/findings.json' };
}

function counterexampleText(lab: Lab, { finding, subject }: Exhibit, drawn: boolean): string | null {
  const trace = counterexampleTrace(lab.check(subject), finding.property, finding.site);
  if (trace === null) return null;
  const replay = `npx ccdma replay ${subjectArguments(subject)} --property ${shellWord(finding.property)} --site ${shellWord(finding.site)}`;
  return [
    `# ${finding.title}`,
    '',
    `${capital(finding.judgement)}. It occurs ${whenText(finding)}.`,
    '',
    finding.text,
    '',
    markdownTable(trace),
    '',
    drawn
      ? `![sequence diagram](../diagrams/${finding.id}.svg)`
      : `[As a sequence diagram, in Mermaid](../diagrams/${finding.id}.mmd)`,
    '',
    'Replay it:',
    '',
    '```sh',
    replay,
    '```',
    '',
  ].join('\n');
}

function overview(lab: Lab, shown: readonly Exhibit[]): string {
  const rows = knownFindings().map((finding) => {
    const exhibit = shown.find((one) => one.finding === finding);
    const trace = exhibit && counterexampleTrace(lab.check(exhibit.subject), finding.property, finding.site);
    return [
      finding.id,
      finding.property,
      finding.site,
      finding.judgement,
      whenText(finding),
      INSTRUMENTS.filter((instrument) => finding.shownBy.includes(instrument)).join(', '),
      trace ? `${trace.steps.length}` : '',
    ];
  });
  const header = ['finding', 'property', 'at', 'judgement', 'occurs', 'shown by', 'shortest (steps)'];
  return [
    '# Known findings',
    '',
    'What does not hold, exactly where, and what it was judged to be: src/series/findings.json as a table. A run with `--expect` fails when it shows something that is not listed, and when something that is listed no longer occurs.',
    '',
    markdown(rows, header),
    '',
    ...knownFindings().flatMap((finding) => [
      `## ${finding.title}`,
      '',
      finding.text,
      '',
      ...(shown.some((one) => one.finding === finding)
        ? [`Step by step: [${finding.id}](counterexamples/${finding.id}.md).`, '']
        : []),
    ]),
  ].join('\n');
}

/** Where a finding occurs, in words. */
export function whenText({ when }: Pick<Finding, 'when'>): string {
  return when.map(alternativeText).join('; or ');
}

function alternativeText({
  shownBy,
  systems,
  workloads,
  platforms,
  options,
  has,
  lacks,
}: Alternative): string {
  const patches = (list: readonly number[]) => `patch${list.length > 1 ? 'es' : ''} ${numbers(list)}`;
  return [
    platforms === undefined ? 'on every platform' : `on ${series(platforms)}`,
    ...Object.entries(options ?? {}).map(([name, value]) => `with ${name}=${[value].flat().join(' or ')}`),
    ...(has === undefined ? [] : [`with ${patches(has)}`]),
    ...(lacks === undefined ? [] : [`without ${patches(lacks)}`]),
    ...(systems === undefined ? [] : [`(system ${series(systems)})`]),
    ...(workloads === undefined ? [] : [`(workload ${series(workloads)})`]),
    ...(shownBy === undefined ? [] : [`(in ${series(shownBy)})`]),
  ].join(' ');
}

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);
