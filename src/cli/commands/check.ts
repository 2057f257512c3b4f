/** `ccdma check`: explores the specification and judges every property. */
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { checkResult, exitCode, expectation, expectedExitCode, occurrencesOf } from '../results.ts';
import { expectationsText } from '../text/expectations.ts';
import { coloursOf, count, paragraph } from '../text/layout.ts';
import { checkText, summaryText } from '../text/verdicts.ts';
import { type CommandOptions, printJson, subjectsOf } from './common.ts';

export function check(io: Io, system: string | undefined, options: CommandOptions): number {
  const subjects = subjectsOf(io, system, options);
  const progress = new Progress(io);
  const lab = new Lab({ maxStates: options.maxStates, onProgress: (text) => progress.at(text) });
  const done = subjects.map((subject) => {
    const checked = lab.check(subject);
    const result = checkResult(checked);
    if (options.json !== true) {
      progress.done();
      io.out(`${checkText(io, checked, result)}\n`);
    }
    return { checked, result };
  });
  progress.done();
  const results = done.map(({ result }) => result);
  const expectations =
    options.expect === true
      ? done.map(({ checked: { subject, graph, verdicts } }) =>
          expectation('check', subject, graph.complete, occurrencesOf(verdicts)),
        )
      : undefined;
  if (options.json === true) {
    printJson(io, 'check', { results, ...(expectations === undefined ? {} : { expectations }) });
  } else {
    const c = coloursOf(io);
    if (results.length > 1) {
      io.out(c.bold(`${count(results.length, 'subject')} checked`));
      for (const result of results) {
        const label = [result.system, result.series, result.platform].join(', ');
        io.out(paragraph(io, `${label}: ${summaryText(result.properties)}`, 2));
      }
    }
    if (expectations !== undefined) io.out(expectationsText(io, expectations));
  }
  return expectations === undefined ? exitCode(results) : expectedExitCode(expectations);
}
