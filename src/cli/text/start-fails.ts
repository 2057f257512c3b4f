/** The part of the summary on what fails: each finding with its replay command, and one of them step by step. */
import type { CheckedSubject } from '../../conformance/subject.ts';
import { textTable } from '../../render/index.ts';
import { BASELINE, type Finding, knownFindings, PLATFORMS, V5 } from '../../series/index.ts';
import type { Io } from '../io.ts';
import { coloursOf, command, count, paragraph } from './layout.ts';
import { heading, type MainJob } from './start-job.ts';
import { counterexampleTrace } from './verdicts.ts';

interface Failure {
  readonly finding: Finding | undefined;
  readonly steps: number;
  readonly replay: string;
  readonly name: string;
  readonly checked: CheckedSubject;
  readonly site: string;
  readonly platforms: string[];
}

export function failsPart(io: Io, { checks, conformed }: MainJob): string[] {
  const seen = new Map<string, Failure>();
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
  const rank = ({ finding }: Failure) => (finding === undefined ? -1 : knownFindings().indexOf(finding));
  const all = [...seen.values()].sort((a, b) => rank(a) - rank(b));
  const [after, before] = [V5, BASELINE].map((one) =>
    all.filter(({ checked }) => checked.subject.series === one),
  ) as [Failure[], Failure[]];
  lines.push(...listed(io, 'With the whole series', after));
  const stays = new Set(after.map(({ finding }) => finding));
  const repaired = before.filter(({ finding }) => finding === undefined || !stays.has(finding));
  lines.push(...listed(io, 'Without the series', repaired));
  if (repaired.length < before.length)
    lines.push(
      `Of what fails with the whole series, ${before.length - repaired.length} fail without it too.`,
      '',
    );
  // Of what the series repairs, where the shortest way shows most.
  const example = all.find(({ finding }) => finding?.id === 'pool-encrypted-in-softirq') ?? all[0];
  if (example !== undefined) lines.push(...exampleText(io, example, checks));
  const parted = conformed.filter(({ result }) => result.properties.some(({ holds }) => holds === false));
  if (parted.length > 0)
    lines.push(
      paragraph(
        io,
        `The simulated kernel shows violations of its own on test paths, or parts from the machines, in ${count(parted.length, 'run')} below; each with a replay command:`,
      ),
      command(io, 'npx ccdma conform'),
    );
  lines.push('');
  return lines;
}

function listed(io: Io, label: string, failures: readonly Failure[]): string[] {
  const c = coloursOf(io);
  if (failures.length === 0) return [`${label}: nothing in the specification.`, ''];
  return [
    `${label}:`,
    '',
    ...failures.flatMap(({ finding, steps, replay, name, checked, site, platforms }) => {
      const title = finding === undefined ? `${name} fails at ${site}` : finding.title;
      const judgement = finding === undefined ? 'not in the list of known findings' : finding.judgement;
      const where = platforms.length === PLATFORMS.length ? 'every platform' : platforms.join(', ');
      const at = platforms.length === 1 ? '' : ` on ${checked.subject.platform.name}`;
      return [
        paragraph(io, `${c.red(title)} (${name}): ${where}; ${count(steps, 'step')}${at}; ${judgement}`, 2),
        `    ${c.cyan(replay)}`,
      ];
    }),
    '',
  ];
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
