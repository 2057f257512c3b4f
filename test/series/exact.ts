/** What a check finds, and what is listed. */
import { expect } from 'vitest';
import { expectation, occurrencesOf } from '../../src/cli/results.ts';
import { checkSubject, type Subject, subjectLabel } from '../../src/conformance/subject.ts';
import {
  crossOptions,
  defaultOptions,
  OPTION_VALUES,
  type OptionName,
  type Options,
  type Platform,
} from '../../src/series/index.ts';

/** The platform's defaults, and each other value of each option by itself. */
export const oneAway = (platform: Platform): Options[] => [
  defaultOptions(platform),
  ...(Object.keys(OPTION_VALUES) as OptionName[]).flatMap((name) =>
    [...crossOptions(platform, [name])].slice(1),
  ),
];

/** The check of the subject finds what is listed for it, and nothing else. */
export function expectExact(subject: Subject): void {
  const { graph, verdicts } = checkSubject(subject);
  const { unlisted, missing } = expectation('check', subject, graph.complete, occurrencesOf(verdicts));
  expect({ subject: subjectLabel(subject), complete: graph.complete, unlisted, missing }).toEqual({
    subject: subjectLabel(subject),
    complete: true,
    unlisted: [],
    missing: [],
  });
}
