/** `ccdma check`: explores the specification and judges every property. */
import type { CheckedSubject } from '../../conformance/subject.ts';
import { within } from '../bounds.ts';
import {
  checkWanted,
  counterexampleFiles,
  counterexamplesJson,
  type Wanted,
  wantedOf,
} from '../counterexamples.ts';
import { type NewFile, writeAll } from '../files.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import {
  type CheckDetail,
  type CheckResult,
  checkResult,
  exitCode,
  expectation,
  expectedExitCode,
  occurrencesOf,
} from '../results.ts';
import { expectationsText } from '../text/expectations.ts';
import { coloursOf, count, paragraph } from '../text/layout.ts';
import { checkText, summaryText } from '../text/verdicts.ts';
import { UsageError } from '../usage.ts';
import {
  type CommandOptions,
  codeOf,
  jsonText,
  notRunJson,
  notRunText,
  printJson,
  subjectsOf,
} from './common.ts';

export interface CheckCommandOptions extends CommandOptions, CheckDetail, Wanted {}

interface Done {
  readonly checked: CheckedSubject;
  readonly result: CheckResult;
}

export async function check(
  io: Io,
  system: string | undefined,
  options: CheckCommandOptions,
): Promise<number> {
  checkWanted(options, options.json === true);
  if (options.expect === true && (options.property !== undefined || options.all || options.more)) {
    throw new UsageError('--expect compares everything that fails; leave --property, --all and --more out');
  }
  const subjects = subjectsOf(io, system, options);
  const progress = new Progress(io);
  const reports = options.json !== true && (options.format ?? 'table') === 'table';
  const done: Done[] = [];
  await within(options, async (bounds) => {
    const lab = new Lab({ bounds, onProgress: (text) => progress.at(text) });
    for (const subject of subjects) {
      // One is begun in any case, so that there is something to say.
      if (done.length > 0 && bounds.reason() !== null) break;
      const checked = wantedOf(await lab.checked(subject), options);
      const result = checkResult(checked, options);
      progress.done();
      if (reports) io.out(`${checkText(io, checked, result, options.stats === true)}\n`);
      done.push({ checked, result });
    }
  });
  progress.done();
  const notRun = subjects.slice(done.length);
  const results = done.map(({ result }) => result);
  const expectations =
    options.expect === true
      ? done.map(({ checked: { subject, verdicts }, result }) =>
          expectation('check', subject, result.complete, occurrencesOf(verdicts)),
        )
      : undefined;
  if (options.json === true) {
    const expected = expectations === undefined ? {} : { expectations };
    printJson(io, 'check', { results, ...notRunJson(notRun), ...expected });
  } else if (reports) {
    summary(io, results);
    const open = notRunText(io, notRun);
    if (open !== null) io.out(open);
    if (expectations !== undefined) io.out(expectationsText(io, expectations));
  } else show(io, done, options);
  return codeOf(expectations === undefined ? exitCode(results) : expectedExitCode(expectations), notRun);
}

function summary(io: Io, results: readonly CheckResult[]): void {
  if (results.length < 2) return;
  const c = coloursOf(io);
  io.out(c.bold(`${count(results.length, 'subject')} checked`));
  for (const result of results) {
    const label = [result.system, result.series, result.platform].join(', ');
    io.out(paragraph(io, `${label}: ${summaryText(result.properties)}`, 2));
  }
}

/** Counterexamples alone. What else there is to say goes to standard error. */
function show(io: Io, done: readonly Done[], { format = 'table', out }: Wanted): void {
  const files = format === 'json' ? [jsonFile(done)] : filesOf(done, format);
  if (out !== undefined) {
    writeAll(out, files);
    io.out(`Written to ${out}: ${files.length === 0 ? 'nothing' : files.map(({ path }) => path).join(', ')}`);
  } else if (files.length === 1) io.out(files[0]!.content.trimEnd());
  else if (files.length === 0) {
    const open = done.some(({ result }) => result.stopped !== null);
    io.err(open ? 'A bound was hit, and nothing that was seen fails.' : 'Nothing fails.');
  } else {
    throw new UsageError(
      `there are ${files.length} counterexamples, and one fits standard output; give --out <dir>, or --property with --all`,
    );
  }
}

const filesOf = (done: readonly Done[], format: string): NewFile[] =>
  done.flatMap(({ checked }) => counterexampleFiles(checked, format));

function jsonFile(done: readonly Done[]): NewFile {
  const counterexamples = done.flatMap(({ checked, result }) => counterexamplesJson(checked, result));
  return {
    path: 'counterexamples.json',
    content: `${jsonText('counterexamples', { counterexamples })}\n`,
  };
}
