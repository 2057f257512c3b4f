/**
 * `npm run mutants`: mutants of every machine, each judged until somebody notices it; the table in
 * `generated/slow/`. Exit codes: 0, every survivor has a reason and enough are caught (with `--check`: and the
 * committed table says the same); 1 otherwise; 2 wrong usage.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SYSTEMS } from '../machines/systems/index.ts';
import { PROJECT, readText, writeAll } from '../src/cli/files.ts';
import { UsageError, unknown, wholeNumber } from '../src/cli/usage.ts';
import { firstChange, jsonOf } from '../src/conformance/mutants/json.ts';
import { judgeInThreads, mutantsBySystem } from '../src/conformance/mutants/run.ts';
import {
  type Judged,
  markdownOf,
  percent,
  type Reasons,
  reasonProblems,
  summary,
} from '../src/conformance/mutants/table.ts';

const HELP = `usage: npm run mutants -- [--machine NAME] [--limit N] [--check]

Without options: judges every mutant and writes generated/slow/mutants.md and mutants.json.
  --machine NAME  only the mutants of this machine; nothing is written
  --limit N       only N mutants, spread evenly; nothing is written
  --check         compare with the committed table and name the first difference; nothing is written`;

/** Of the mutants that are not equivalent, at least so many must be caught. */
const ENOUGH = 0.95;
/** The systems whose machines are mutated. Those of the others would take hours. */
const JUDGED = SYSTEMS.filter(({ name }) =>
  ['dynamic-pools', 'boot', 'restricted-init', 'atomic-pools'].includes(name),
);
const FOLDER = 'generated/slow';
const FILES = ['mutants.json', 'mutants.md'] as const;
const REASONS = 'test/conformance/mutant-survivors.json';

async function main(): Promise<number> {
  const { machine, limit, check, help } = options();
  if (help) {
    console.log(HELP);
    return 0;
  }
  const reasons = JSON.parse(readText(join(PROJECT, REASONS))) as Reasons;
  const committed = check ? FILES.map((file) => readText(join(PROJECT, FOLDER, file))) : null;
  const all = await judge(machine, limit);
  const partial = machine !== undefined || limit !== undefined;
  const problems = [...reasonProblems(all, reasons, partial), ...all.flatMap(tooFew)];
  const json = jsonOf(all, reasons);
  const markdown = markdownOf(all, reasons);
  if (partial) console.log(markdown);
  else for (const judged of all) console.log(line(judged));
  if (committed !== null) {
    const change = firstChange(committed[0]!, json, partial);
    if (change !== null) problems.push(`${FOLDER}/${FILES[0]}: ${change}`);
    if (!partial && committed[1] !== markdown)
      problems.push(`${FOLDER}/${FILES[1]} is not the table of ${FILES[0]}; write both with npm run mutants`);
  } else if (!partial) {
    const contents = [json, markdown];
    writeAll(
      join(PROJECT, FOLDER),
      FILES.map((path, i) => ({ path, content: contents[i]! })),
    );
  }
  for (const problem of problems) console.error(problem);
  return problems.length === 0 ? 0 : 1;
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        machine: { type: 'string' },
        limit: { type: 'string' },
        check: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const { machine, limit, check, help } = values;
    const names = [...new Set(JUDGED.flatMap(({ files }) => files.map(({ name }) => name)))];
    if (machine !== undefined && !names.includes(machine)) throw unknown('machine', machine, names);
    return {
      machine,
      limit: limit === undefined ? undefined : wholeNumber('--limit', limit, 1, 1_000_000),
      check,
      help,
    };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const [first] = (error as Error).message.split('\n');
    throw new UsageError(`${first}; accepted: --machine NAME, --limit N, --check, --help`);
  }
}

async function judge(machine: string | undefined, limit: number | undefined): Promise<Judged[]> {
  const all: Judged[] = [];
  for (const { system, mutants: own } of mutantsBySystem(JUDGED)) {
    const mutants = own.filter((one) => machine === undefined || one.machine === machine);
    if (mutants.length === 0) continue;
    const some = limit === undefined || limit >= mutants.length ? mutants : spread(mutants, limit);
    const started = performance.now();
    const counts = { survived: 0 };
    const judged = await judgeInThreads([system, ...JUDGED.filter((one) => one !== system)], some, {
      onProgress: (done, { id, outcome: { by, text } }) => {
        if (by === 'survived') {
          counts.survived++;
          process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}survived: ${id}: ${text}\n`);
        }
        progress(system.name, done, some.length, started);
      },
    });
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    all.push({ system: system.name, mutants: judged });
  }
  return all;
}

/** `count` of the items, evenly spread over all. */
function spread<T>(items: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, i) => items[Math.floor((i * items.length) / count)]!);
}

function progress(system: string, done: number, of: number, started: number): void {
  const left = (((performance.now() - started) / done) * (of - done)) / 60_000;
  const text = `${system}: ${done} of ${of} mutants, some ${left.toFixed(1)} min left`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (done % 50 === 0 || done === of) process.stderr.write(`${text}\n`);
}

function tooFew({ system, mutants }: Judged): string[] {
  const { caught } = summary(mutants);
  return caught >= ENOUGH
    ? []
    : [`${system}: ${percent(caught)} of the mutants are caught; at least ${percent(ENOUGH)} must be`];
}

function line({ system, mutants }: Judged): string {
  const { total, by, caught } = summary(mutants);
  return `${system}: ${total} mutants; refused ${by.refused}, caught by a property ${by.property}, by the simulator ${by.simulator}, equivalent ${by.equivalent}, survived ${by.survived}; ${percent(caught)} of those that are not equivalent are caught`;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
