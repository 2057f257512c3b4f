/** `npm run test:exhaustive`: what `npm test` has a sample of, whole. CI runs both. */
import { defineConfig } from 'vitest/config';
import usual from './vitest.config.ts';

export default defineConfig({
  test: { ...usual.test, include: ['test/exhaustive/**/*.test.ts'], exclude: [] },
});
