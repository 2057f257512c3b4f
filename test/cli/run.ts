/** The real command, with what it writes caught. */
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { main } from '../../src/cli/main.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `ccdma` in this process. */
export async function ccdma(args: readonly string[], width = 100): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await main(args, {
    out: (text) => {
      out += `${text}\n`;
    },
    err: (text) => {
      err += `${text}\n`;
    },
    status: () => {},
    colour: false,
    width,
  });
  return { code, out, err };
}

/** The words of a command line as a shell would make them: spaces part, single quotes keep together. */
export function words(line: string): string[] {
  return [...line.trim().matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

/** Runs a line that begins with `npx ccdma`, as a user would paste it. */
export function paste(line: string): Promise<Ran> {
  const [npx, name, ...args] = words(line);
  if (npx !== 'npx' || name !== 'ccdma') throw new Error(`not a command of ours: ${line}`);
  return ccdma(args);
}

const schema = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../src/cli/schemas/${name}.schema.json`, import.meta.url), 'utf8'));

/** The published schema of a command's JSON. */
export function schemaOf(name: string): ValidateFunction {
  const ajv = new Ajv({ allowUnionTypes: true, strictRequired: false });
  ajv.addSchema(schema('common'));
  return ajv.compile(schema(name));
}
