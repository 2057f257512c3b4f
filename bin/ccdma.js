#!/usr/bin/env node
import { SourceError } from '../src/launch/bundle.js';
import { importSource } from '../src/launch/sources.js';

try {
  const { main } = await importSource(new URL('../src/cli/main.ts', import.meta.url));
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SourceError)) throw error;
  console.error(`ccdma: the sources do not compile:\n${error.message}`);
  process.exitCode = 2;
}
