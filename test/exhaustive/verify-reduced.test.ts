import { describe, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { defaultSubject } from '../../src/conformance/subject.ts';
import { BASELINE, PLATFORMS, V5 } from '../../src/series/index.ts';
import { expectSameVerdicts } from '../lts/reduced.ts';

describe('a search that leaves out steps comes to the same verdicts', () => {
  test.each(SYSTEMS)('$name, on every platform, v5 and the baseline', (system) => {
    for (const platform of PLATFORMS)
      for (const series of [V5, BASELINE]) expectSameVerdicts(defaultSubject(system, series, platform));
  });
});
