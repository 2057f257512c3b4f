import { describe, test } from 'vitest';
import { MEASURED_SYSTEMS, SYSTEMS } from '../../machines/systems/index.ts';
import { ALL_SERIES } from '../../src/cli/generate/exhibits.ts';
import { PLATFORMS } from '../../src/series/index.ts';
import { expectCompiledAsXState } from '../machines/compiled.ts';

describe('each machine, compiled, is what XState and @xstate/graph say it is', () => {
  test.each([...SYSTEMS, ...MEASURED_SYSTEMS])('$name: on every platform, with every series', (system) => {
    expectCompiledAsXState(system, PLATFORMS, ALL_SERIES);
  });
});
