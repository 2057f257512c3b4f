/** `ccdma paths`: test paths that take every transition of a system, and the files that keep them. */
import { type Subject, subjectLabel, subjectSlug } from '../../conformance/subject.ts';
import { countSteps, coverage, makeSuite, suiteText } from '../../paths/index.ts';
import { stoppedText, within } from '../bounds.ts';
import { type NewFile, writeAll } from '../files.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { exitCode, type Result, resultHead } from '../results.ts';
import { paragraph } from '../text/layout.ts';
import { type CommandOptions, codeOf, notRunJson, notRunText, printJson, subjectsOf } from './common.ts';

interface PathsResult extends Result {
  readonly paths: number;
  readonly steps: number;
  /** Steps of the longest path. */
  readonly longest: number;
  readonly covered: number;
  /** SHA-256 of the system's graph. */
  readonly hash: string;
  readonly file: string | null;
}

export async function paths(
  io: Io,
  system: string | undefined,
  options: CommandOptions & { readonly out?: string },
): Promise<number> {
  const subjects = subjectsOf(io, system, options);
  const progress = new Progress(io);
  const files: NewFile[] = [];
  const results: PathsResult[] = [];
  await within(options, async (bounds) => {
    const lab = new Lab({ bounds, onProgress: (text) => progress.at(text) });
    for (const subject of subjects) {
      // One is begun in any case, so that there is something to say.
      if (results.length > 0 && bounds.reason() !== null) break;
      const result = await suiteOf(lab, subject, options.out);
      if (options.out !== undefined && result.file !== null)
        files.push({ path: result.file, content: fileOf(lab, subject) });
      results.push(result);
    }
  });
  progress.done();
  const notRun = subjects.slice(results.length);
  // A suite of a part of a system would look like one of the whole: then nothing is written.
  const whole = notRun.length === 0 && results.every(({ complete }) => complete);
  if (options.out !== undefined && whole) writeAll(options.out, files);
  if (options.json === true) printJson(io, 'paths', { results, ...notRunJson(notRun) });
  else {
    results.forEach((result, i) => {
      io.out(text(io, subjects[i]!, result));
    });
    const open = notRunText(io, notRun);
    if (open !== null) io.out(open);
    if (options.out !== undefined) {
      io.out(
        whole
          ? `Written to ${options.out}: ${files.map(({ path }) => path).join(', ')}`
          : 'Nothing is written: a bound was hit.',
      );
    }
  }
  return codeOf(exitCode(results), notRun);
}

async function suiteOf(lab: Lab, subject: Subject, out: string | undefined): Promise<PathsResult> {
  const { graph, stopped } = await lab.checked(subject);
  // Who does not want to wait gets no paths of what happens to be there.
  const suite = stopped === null || stopped === 'states' ? lab.paths(subject) : [];
  const { covered, total } = coverage(graph, suite);
  const complete = graph.complete && stopped === null;
  const all = complete && covered === total;
  return {
    ...resultHead(subject),
    states: graph.states,
    transitions: graph.transitions,
    complete,
    stopped,
    properties: [
      {
        name: 'every-transition-covered',
        kind: 'coverage',
        holds: complete ? all : null,
        status: complete ? (all ? 'holds' : 'fails') : 'not decided',
        steps: null,
        counterexamples: [],
      },
    ],
    ...countSteps(suite),
    longest: suite.reduce((most, path) => Math.max(most, path.length), 0),
    covered,
    hash: graph.hash,
    file: out === undefined || !complete ? null : `${subjectSlug(subject)}.json`,
  };
}

const fileOf = (lab: Lab, subject: Subject): string =>
  suiteText(makeSuite(resultHead(subject) as never, lab.check(subject).graph, lab.paths(subject)));

function text(io: Io, subject: Subject, result: PathsResult): string {
  const { paths: n, steps, longest, covered, transitions, stopped, states, hash } = result;
  const bound = stopped === null ? '' : ` ${stoppedText(stopped)}: this is a part of the system only.`;
  return [
    subjectLabel(subject),
    paragraph(
      io,
      `${n} paths of ${steps} steps (the longest has ${longest}) take ${covered} of ${transitions} transitions between ${states} states.${bound}`,
      2,
    ),
    paragraph(io, `graph ${hash}`, 2),
  ].join('\n');
}
