/** `npm run generate`: writes generated/, whole or not at all. */
import { resolve } from 'node:path';
import { PROJECT, writeAll } from '../src/cli/files.ts';
import { collect } from '../src/cli/generate/file.ts';
import { generateFiles } from '../src/cli/generate/index.ts';

const files = await collect(generateFiles());
writeAll(resolve(PROJECT, 'generated'), files);
const bytes = files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
console.log(`generated/: ${files.length} files, ${bytes} bytes`);
