/** The grammar of the command line: names, arguments, options, help. What each command does is in commands/. */

import { Command, type CommanderError, Option } from 'commander';
import { SYSTEM_NAMES } from '../../machines/systems/names.ts';
import { OPTION_DOCS, OPTION_VALUES, PLATFORMS } from '../series/index.ts';
import { durationOf, sizeOf } from './bounds.ts';
import { EXAMPLES } from './examples.ts';
import type { Io } from './io.ts';
import { UsageError, unknown, wholeNumber } from './usage.ts';

/** Where the exit code of the command goes. */
export interface Job {
  code: number;
}

const AFTER = `
Without a system or a platform a command takes all of them, without --series v5.

Exit codes:
  0  all that was asked holds; with --expect: what fails is exactly what
     src/series/findings.json lists
  1  a property or conformance fails, whether it is known or not; with --expect:
     something is not as listed
  2  wrong usage
  3  a bound was hit (states, memory, time, or an interrupt with Ctrl-C), and
     nothing that was seen fails

Begin with:
  $ npm start
  $ npx ccdma check --series baseline --platform cca`;

/** The program, ready to parse. Each command is loaded when it is called for. */
export function programOf(io: Io, job: Job): Command {
  const program = new Command('ccdma')
    .description(
      'How Linux hands memory to devices in confidential guests: a specification that can be checked, a simulated kernel that it is tested against, and the patch series that it judges.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      outputError: () => {},
      getOutHelpWidth: () => io.width,
      getErrHelpWidth: () => io.width,
      getOutHasColors: () => io.colour,
      getErrHasColors: () => io.colour,
    })
    .addHelpText('after', AFTER);

  const command = (name: string, description: string): Command =>
    program
      .command(name)
      .description(description)
      .addHelpText(
        'after',
        `\nExamples:\n${(EXAMPLES[name] ?? []).map(([line, what]) => `  $ ${line}\n      ${what}`).join('\n')}`,
      )
      .addOption(new Option('--no-colour', 'no colours (also: NO_COLOR in the environment)'))
      .addOption(new Option('--no-color').hideHelp());
  const run = (code: number) => {
    job.code = code;
  };

  subject(command('check', 'explore the specification and judge every property of it'))
    .option('--property <name>', 'only this property')
    .option('--all', 'one counterexample for each property that fails (default: one for each kernel symbol)')
    .addOption(
      new Option('--more <n>', 'so many for each property, each with another last step').argParser((value) =>
        wholeNumber('--more', value, 1, 1000),
      ),
    )
    .option(
      '--format <format>',
      'table (default); or only the counterexamples, as sequence (SVG), mermaid, itf or json; without --out there may be but one (json: any number)',
    )
    .option('--out <dir>', 'with --format: a file for each into this folder')
    .option('--stats', 'what the exploration was like: depth, branching, memory, time')
    .option('--coverage', 'how often each step of each machine was taken, and which never')
    .addOption(expectOption())
    .addOption(maxStates())
    .addOption(maxMemory())
    .addOption(timeout())
    .addOption(json('check'))
    .action(async (system, options) =>
      run(await (await import('./commands/check.ts')).check(io, system, options)),
    );
  subject(
    command('explore', 'explore the simulated kernel itself under workloads, without the specification'),
  )
    .addOption(repeatable('--workload <name>', 'only this workload (repeatable)'))
    .addOption(expectOption())
    .addOption(maxStates())
    .addOption(maxMemory())
    .addOption(timeout())
    .addOption(json('explore'))
    .action(async (system, options) =>
      run(await (await import('./commands/explore.ts')).exploreWorkloads(io, system, options)),
    );
  subject(command('paths', 'make test paths that take every transition of the system'))
    .option('--out <dir>', 'write one file for each subject into this folder, all or none')
    .addOption(maxStates())
    .addOption(maxMemory())
    .addOption(timeout())
    .addOption(json('paths'))
    .action(async (system, options) =>
      run(await (await import('./commands/paths.ts')).paths(io, system, options)),
    );
  const lockstep = 'run every path on the simulated kernel, in lockstep with the specification';
  subject(command('conform', lockstep))
    .summary(lockstep)
    .description(
      `${lockstep}. After every step its whole state is compared, and all that it would do next; the safety properties are judged on its own state where each half of the paths first takes a transition ("ccdma explore" judges every state).`,
    )
    .addOption(against())
    .addOption(expectOption())
    .addOption(maxStates())
    .addOption(maxMemory())
    .addOption(timeout())
    .addOption(json('conform'))
    .action(async (system, options) =>
      run(await (await import('./commands/conform.ts')).conform(io, system, options)),
    );
  subject(command('diagram', 'draw the machines, and counterexamples as sequence diagrams'))
    .option('--machine <name>', 'only this machine, to standard output')
    .option('--property <name>', 'only the shortest counterexample of this property, to standard output')
    .option('--site <symbol>', 'with --property: the one at this kernel symbol')
    .addOption(
      new Option('--format <format>', 'of what goes to standard output: svg, mermaid or dot').default('svg'),
    )
    .option('--out <dir>', 'where the files go (default: generated/diagrams)')
    .addOption(json('diagram'))
    .action(async (system, options) =>
      run(await (await import('./commands/diagram.ts')).diagram(io, system, options)),
    );
  subject(command('replay', 'show a path step by step, and run it on the simulated kernel'))
    .option('--property <name>', 'the shortest counterexample of this property')
    .option('--site <symbol>', 'with --property: the one at this kernel symbol')
    .option('--finding <id>', 'the shortest counterexample of a known finding')
    .option('--path <numbers>', 'event numbers, as 12,4,7')
    .option('--file <file>', 'a file of generated/paths')
    .option('--index <n>', 'with --file: which path, from 1')
    .option('--workload <name>', 'with --schedule: the workload')
    .option('--schedule <numbers>', 'a schedule of explore, as 0,2,1')
    .option('--simulate', 'run it on the simulated kernel too')
    .option(
      '--trace',
      'with --path, --file, --property or --finding: print what ftrace would have recorded of it',
    )
    .option(
      '--against <machines>',
      "the machines that the path is of: of the 'own' series, or of another one, as v5 or baseline",
      'own',
    )
    .addOption(json('replay'))
    .action(async (system, options) =>
      run(await (await import('./commands/replay.ts')).replay(io, system, options)),
    );
  command('matrix', 'what each patch of the series repairs, changes and breaks, on each platform')
    .addOption(repeatable('--platform <name>', 'only this platform (repeatable)'))
    .addOption(
      repeatable('--series <row>', 'only this row, with the one that it is compared with (repeatable)'),
    )
    .addOption(repeatable('--workload <name>', 'only this workload (repeatable)'))
    .option(
      '--options',
      'crossed with every option, and every two that decide who serves a device; takes long',
    )
    .option('--check', 'compute it all and compare with what is committed and with the known findings')
    .option(
      '--write',
      'compute it all and write generated/slow/matrix.json and matrix.md, with --options matrix-options.md',
    )
    .addOption(expectOption())
    .addOption(maxStates())
    .addOption(json('matrix'))
    .action(async (options) => run(await (await import('./commands/matrix.ts')).matrix(io, options)));
  command('simulate', 'run a scenario file on the simulated kernel')
    .argument('<file>', 'a TypeScript or JavaScript module; docs/scenarios.md says how to write one')
    .addOption(repeatable('--series <name>', 'baseline, v5, prefix:K or without:N (default: v5; repeatable)'))
    .addOption(repeatable('--platform <name>', 'default: those that the scenario names (repeatable)'))
    .addOption(repeatable('--option <name=value>', 'counts more than what the scenario says (repeatable)'))
    .option('--steps', 'show every step of the kernel below each call')
    .option('--trace', 'print what ftrace would have recorded, for ccdma trace to read')
    .addOption(json('simulate'))
    .action(async (file, options) =>
      run(await (await import('./commands/simulate.ts')).simulate(io, file, options)),
    );
  command('decide', 'what becomes of a request: where the memory comes from, or why it is refused')
    .argument('<request>', 'map, alloc or alloc-pages')
    .addOption(repeatable('--series <name>', 'baseline, v5, prefix:K or without:N (default: v5; repeatable)'))
    .addOption(repeatable('--platform <name>', 'default: all (repeatable)'))
    .option('--device <kind>', 'untrusted or trusted; the same as --option device=...')
    .option('--attrs <names>', 'exactly these, joined by a comma or a bar; none (default: all sets of them)')
    .option('--context <name>', 'process or atomic (default: both)')
    .addOption(
      repeatable('--request <name=value>', 'what else it is, as size=fits (default: all; repeatable)'),
    )
    .addOption(repeatable('--option <name=value>', 'of the kernel or the device (repeatable)'))
    .option('--why', 'the questions and answers that lead to each row')
    .addOption(json('decide'))
    .action(async (request, options) =>
      run((await import('./commands/decide.ts')).decide(io, request, options)),
    );
  subject(
    command('export', 'write a system in the language of another tool').argument(
      '<format>',
      'promela (Spin), tla (TLA+, for TLC), aut (the graph, for mCRL2, CADP, LTSmin), itf (a run, for Apalache, Quint), or rv (a machine in place of the system, for a monitor in the kernel)',
    ),
  )
    .option(
      '--property <name>',
      'with itf: the shortest counterexample of this property; with --liveness: the property that must come',
    )
    .option('--liveness', 'with promela: a model for what must come, to be judged under weak fairness')
    .option('--site <symbol>', 'with --property: the one at this kernel symbol')
    .option('--out <dir>', 'write files into this folder (default: to standard output)')
    .addOption(maxStates())
    .addOption(maxMemory())
    .addOption(timeout())
    .action(async (format, system, options) =>
      run(await (await import('./commands/export.ts')).exportSystem(io, format, system, options)),
    );
  command('trace', 'judge trace logs of a real kernel by the specification')
    .argument('<file...>', 'the text of tracefs’ trace or of trace-cmd report, or gzip of it')
    .option('--series <name>', 'whose machines judge: baseline, v5, prefix:K or without:N (default: v5)')
    .addOption(repeatable('--platform <name>', 'where the log may be from (default: any; repeatable)'))
    .option('--diagram <file>', 'draw the first violation as a sequence diagram (SVG)')
    .option('--coverage', 'which steps of the machines the logs exercised')
    .option('--diagrams <dir>', 'with --coverage: the machines, coloured by it, as SVG into this folder')
    .option('--suggest', 'with --coverage: what would exercise the steps that never were')
    .option('--strict', 'exit 3 when something is undecided or missing, and nothing is violated')
    .option('--to-path', 'an object’s life as a path of the system that owns it, for ccdma replay')
    .option('--object <name>', 'with --to-path: as verdicts name it, or its address')
    .option(
      '--line <n>',
      'with --to-path: the object that this line concerns (default: the first violation’s)',
    )
    .option('--under <series>', 'with --to-path: what another series does instead (default: v5)')
    .addOption(json('trace'))
    .action(async (files, options) =>
      run(await (await import('./commands/trace.ts')).trace(io, files, options)),
    );
  command('probes', 'print the commands that record what trace wants to know')
    .option('--kernel <version>', 'as uname -r prints it (default: the newest that was reviewed)')
    .option('--symbols <file>', 'System.map or kallsyms of the kernel: which functions are there')
    .option('--as <form>', 'shell, cmdline or bootconfig', 'shell')
    .action(async (options) => run((await import('./commands/probes.ts')).probes(io, options)));
  command(
    'start',
    'the main job: check, cover, explore and conform v5 and the baseline everywhere, and sum up',
  )
    .option('--out <dir>', 'where the generated files go (default: generated)')
    .action(async (options) => run(await (await import('./commands/start.ts')).start(io, options)));
  return program;
}

/** The arguments that say which subjects are meant. */
function subject(command: Command): Command {
  const options = Object.entries(OPTION_VALUES).map(
    ([name, values]) => `${name}=${values.join('|')}: ${OPTION_DOCS[name as keyof typeof OPTION_VALUES]}`,
  );
  return command
    .argument('[system]', `${SYSTEM_NAMES.join(', ')} (default: every one)`)
    .addOption(repeatable('--series <name>', 'baseline, v5, prefix:K or without:N (default: v5; repeatable)'))
    .addOption(
      repeatable(
        '--platform <name>',
        `${PLATFORMS.map(({ name }) => name).join(' or ')} (default: all; repeatable)`,
      ),
    )
    .addOption(repeatable('--option <name=value>', `repeatable; ${options.join('; ')}`));
}

function repeatable(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: string[] | undefined) => [
    ...(before ?? []),
    value,
  ]);
}

const expectOption = () =>
  new Option('--expect', 'succeed exactly when what fails is what the list of known findings says');
const json = (name: string) => new Option('--json', `results as JSON: src/cli/schemas/${name}.schema.json`);
const maxStates = () =>
  new Option('--max-states <n>', 'stop after this many states (exit 3)').argParser((value) =>
    wholeNumber('--max-states', value, 1, 1_000_000_000),
  );
const maxMemory = () =>
  new Option(
    '--max-memory <size>',
    'stop when the process takes more, as 512M or 2G (exit 3; default: most of what is free)',
  ).argParser((value) => sizeOf('--max-memory', value));
const timeout = () =>
  new Option('--timeout <time>', 'stop after this time, as 30s or 5m (exit 3)').argParser((value) =>
    durationOf('--timeout', value),
  );
const against = () =>
  new Option(
    '--against <machines>',
    "the machines of the path: of the 'own' series, or the intended ones (v5)",
  )
    .default('own')
    .argParser((value) => {
      if (value !== 'own' && value !== 'v5') throw unknown('value of --against', value, ['own', 'v5']);
      return value;
    });

/** What was wrong with the command line, in one line. */
export function usageMessage(program: Command, argv: readonly string[], error: CommanderError): string {
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const commands = program.commands.map((command) => command.name());
  const called = program.commands.find((command) => argv.includes(command.name()));
  if (error.code === 'commander.unknownCommand') return unknown('command', quoted, commands).message;
  if (error.code === 'commander.unknownOption') {
    const options = (called ?? program).createHelp().visibleOptions(called ?? program);
    return unknown(
      'option',
      quoted,
      options.map(({ long, short }) => long ?? short ?? ''),
    ).message;
  }
  const text = error.message.replace(/^error: /, '').split('\n')[0]!;
  return new UsageError(`${text}; see: ccdma ${called === undefined ? '' : `${called.name()} `}--help`)
    .message;
}
