#!/usr/bin/env node
import { importSource } from '../src/boot/sources.js';

const { main } = await importSource(new URL('../src/cli/main.ts', import.meta.url));
process.exitCode = await main(process.argv.slice(2));
