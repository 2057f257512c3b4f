/** Verdicts with and without the reduction. */
import { expect } from 'vitest';
import { networkOf, propertiesOf, type Subject, subjectLabel } from '../../src/conformance/subject.ts';
import { type Verified, verify } from '../../src/lts/index.ts';

export const statuses = ({ verdicts }: Verified): string[] =>
  verdicts.map(({ name, status }) => `${name}: ${status}`);

/** Of all safety properties of a subject together, and of each by itself: there more is left out. */
export function expectSameVerdicts(subject: Subject): void {
  const network = networkOf(subject);
  const asked = propertiesOf(subject).filter((property) => property.kind !== 'leads-to');
  const safety = asked.filter(({ kind }) => kind !== 'possible');
  for (const some of [asked, ...safety.map((property) => [property])])
    expect(statuses(verify(network, some, { reduce: true })), subjectLabel(subject)).toEqual(
      statuses(verify(network, some)),
    );
}
