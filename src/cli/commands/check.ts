/** `ccdma check`: explores the specification and judges every property. */
import type { CheckedSubject } from '../../conformance/subject.ts';
import { within } from '../bounds.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import {
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
import { type CommandOptions, codeOf, notRunJson, notRunText, printJson, subjectsOf } from './common.ts';

export async function check(io: Io, system: string | undefined, options: CommandOptions): Promise<number> {
  const subjects = subjectsOf(io, system, options);
  const progress = new Progress(io);
  const done: { checked: CheckedSubject; result: CheckResult }[] = [];
  await within(options, async (bounds) => {
    const lab = new Lab({ bounds, onProgress: (text) => progress.at(text) });
    for (const subject of subjects) {
      // One is begun in any case, so that there is something to say.
      if (done.length > 0 && bounds.reason() !== null) break;
      const checked = await lab.checked(subject);
      const result = checkResult(checked);
      progress.done();
      if (options.json !== true) io.out(`${checkText(io, checked, result)}\n`);
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
  } else {
    const c = coloursOf(io);
    const open = notRunText(io, notRun);
    if (open !== null) io.out(open);
    if (results.length > 1) {
      io.out(c.bold(`${count(results.length, 'subject')} checked`));
      for (const result of results) {
        const label = [result.system, result.series, result.platform].join(', ');
        io.out(paragraph(io, `${label}: ${summaryText(result.properties)}`, 2));
      }
    }
    if (expectations !== undefined) io.out(expectationsText(io, expectations));
  }
  return codeOf(expectations === undefined ? exitCode(results) : expectedExitCode(expectations), notRun);
}
