import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Minutes of whole suites and crosses: vitest.exhaustive.config.ts.
    exclude: ['test/exhaustive/**'],
    // Vitest leaves one core free; on two cores that is half of the machine.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Much is made and thrown away.
    execArgv: ['--max-semi-space-size=64'],
    // No test leaves anything behind in a module, and warm code runs several times as fast.
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
