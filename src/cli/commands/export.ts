/** `ccdma export`: a system in the languages of other tools, to standard output or as files. */

import { MEASURED_SYSTEMS, SYSTEMS } from '../../../machines/systems/index.ts';
import {
  networkOf,
  propertiesOf,
  type Subject,
  subjectArguments,
  subjectLabel,
  subjectSlug,
} from '../../conformance/subject.ts';
import type { LeadsTo } from '../../lts/index.ts';
import { aut } from '../../render/aut.ts';
import { itf } from '../../render/itf.ts';
import { promela } from '../../render/promela.ts';
import { promelaLiveness } from '../../render/promela-liveness.ts';
import { NotObservable, rvDot } from '../../render/rv.ts';
import { tla } from '../../render/tla.ts';
import { within } from '../bounds.ts';
import { type NewFile, writeAll } from '../files.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { EXIT } from '../results.ts';
import { selectOne } from '../select.ts';
import { paragraph } from '../text/layout.ts';
import { UsageError, unknown } from '../usage.ts';
import type { CommandOptions } from './common.ts';
import { siteAmong } from './site.ts';

export interface ExportOptions extends CommandOptions {
  readonly property?: string;
  readonly site?: string;
  readonly liveness?: boolean;
  readonly out?: string;
}

const FORMATS = ['promela', 'tla', 'aut', 'itf', 'rv'] as const;
type Format = Exclude<(typeof FORMATS)[number], 'rv'>;

/** What is written, and what the command returns. */
interface Exported {
  readonly files: readonly NewFile[];
  readonly code: number;
}

export async function exportSystem(
  io: Io,
  format: string,
  system: string | undefined,
  options: ExportOptions,
): Promise<number> {
  if (!FORMATS.includes(format as (typeof FORMATS)[number])) throw unknown('format', format, FORMATS);
  const liveness = options.liveness === true;
  if (liveness && format !== 'promela') throw new UsageError('--liveness makes a model of promela only');
  if (format !== 'itf' && (options.site !== undefined || (options.property !== undefined && !liveness))) {
    throw new UsageError(
      '--property and --site choose the counterexample of itf, --property what promela --liveness is about; the other formats take none',
    );
  }
  if (format === 'rv') return monitor(io, system, options);
  const subject = selectOne({ ...options, system }, [...SYSTEMS, ...MEASURED_SYSTEMS]);
  const progress = new Progress(io);
  const made = await within(options, async (bounds) => {
    const lab = new Lab({ bounds, onProgress: (text) => progress.at(text) });
    // What reads the graph finds it explored.
    if (format === 'aut' || format === 'itf') await lab.checked(subject);
    return make(io, format as Format, lab, subject, options);
  });
  progress.done();
  if (options.out !== undefined) {
    writeAll(options.out, made.files);
    io.out(`Written to ${options.out}: ${made.files.map(({ path }) => path).join(', ')}`);
  } else for (const { content } of made.files) io.out(content.trimEnd());
  return made.code;
}

function make(io: Io, format: Format, lab: Lab, subject: Subject, options: ExportOptions): Exported {
  const slug = subjectSlug(subject);
  const heading = {
    title: subjectLabel(subject),
    command: `npx ccdma export ${format} ${subjectArguments(subject)}`,
  };
  switch (format) {
    case 'promela': {
      const { network } = lab.network(subject);
      if (options.liveness === true) {
        const property = leadsTo(subject, options.property);
        const name = property.name.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, '');
        const command = `${heading.command} --liveness --property ${quoted(property.name)}`;
        return one(`${slug}-${name}.pml`, promelaLiveness(network, property, { ...heading, command }));
      }
      return one(`${slug}.pml`, promela(network, propertiesOf(subject), heading));
    }
    case 'tla': {
      const { name, module, config } = tla(lab.network(subject).network, propertiesOf(subject), heading);
      if (options.out === undefined) {
        const commented = config
          .trimEnd()
          .split('\n')
          .map((line) => `\\* ${line}`);
        return one(
          `${name}.tla`,
          [module.trimEnd(), `\\* ${name}.cfg, for TLC:`, ...commented, ''].join('\n'),
        );
      }
      const files = [
        { path: `${name}.tla`, content: module },
        { path: `${name}.cfg`, content: config },
      ];
      return { files, code: EXIT.holds };
    }
    case 'aut': {
      const { graph } = lab.check(subject);
      if (!graph.complete) {
        io.err(
          paragraph(io, `A bound was hit at ${graph.states} states: a part of a graph is not exported.`),
        );
        return { files: [], code: EXIT.bound };
      }
      return one(`${slug}.aut`, [...aut(graph)].join(''));
    }
    case 'itf':
      return run(io, lab, subject, heading.title, options);
  }
}

/** What a model for liveness is about: the property that is named, or the only one that there is. */
function leadsTo(subject: Subject, name: string | undefined): LeadsTo {
  const all = propertiesOf(subject).filter((property) => property.kind === 'leads-to');
  const names = all.map((property) => property.name);
  if (all.length === 0) throw new UsageError(`nothing must come in ${subjectLabel(subject)}`);
  if (name === undefined && all.length > 1)
    throw new UsageError(`one model is about one property; say which with --property: ${names.join(', ')}`);
  const found = name === undefined ? all[0] : all.find((property) => property.name === name);
  if (found === undefined) throw unknown('leads-to property', name!, names);
  return found;
}

const quoted = (text: string) => (/^[\w-]+$/.test(text) ? text : `'${text}'`);

/** The shortest counterexample (of a leads-to: stem and loop) or witness of a property. */
function run(io: Io, lab: Lab, subject: Subject, title: string, { property, site }: ExportOptions): Exported {
  if (property === undefined) throw new UsageError('itf is the format of a run: say which with --property');
  const checked = lab.check(subject);
  const chosen = siteAmong(checked, property, site);
  const verdict = checked.verdicts.find(({ name }) => name === property)!;
  const found = verdict.counterexamples.find((one) => one.site === chosen);
  if (found === undefined && verdict.path === null) {
    if (verdict.status === 'not decided') {
      io.err(paragraph(io, `A bound was hit before ${property} was decided: there is no run to write.`));
      return { files: [], code: EXIT.bound };
    }
    io.err(paragraph(io, `${property} does not fail here: there is no run to write.`));
    return { files: [], code: EXIT.holds };
  }
  const stem = found?.path ?? verdict.path!;
  const content = itf(checked.graph.network, [...stem, ...(found?.loop ?? [])], {
    title: `${title}: ${property}`,
    ...(found?.loop === undefined ? {} : { loop: stem.length }),
  });
  const name = `${subjectSlug(subject)}-${property.replace(/[^A-Za-z0-9]+/g, '-')}.itf.json`;
  return { files: [{ path: name, content }], code: found === undefined ? EXIT.holds : EXIT.fails };
}

/** One machine, as an automaton for the kernel's runtime verification; on the first platform unless one is named. */
function monitor(io: Io, machine: string | undefined, options: ExportOptions): number {
  const all = [...new Set(SYSTEMS.flatMap(({ files }) => files.map(({ name }) => name)))];
  if (machine === undefined)
    throw new UsageError(`rv is the format of one machine; accepted: ${all.join(', ')}`);
  if (!all.includes(machine)) throw unknown('machine', machine, all);
  const system = SYSTEMS.find(({ files }) => files.some(({ name }) => name === machine))!.name;
  const subject = selectOne({ ...options, system, platform: options.platform ?? ['tdx'] });
  const lts = networkOf(subject).instances.find((instance) => instance.lts.name === machine)?.lts;
  if (lts === undefined) throw new UsageError(`${machine} takes no part in ${subjectLabel(subject)}`);
  let content: string;
  try {
    content = rvDot(lts);
  } catch (error) {
    if (error instanceof NotObservable) throw new UsageError(error.message);
    throw error;
  }
  if (options.out === undefined) io.out(content.trimEnd());
  else {
    writeAll(options.out, [{ path: `${machine}.dot`, content }]);
    io.out(`Written to ${options.out}: ${machine}.dot`);
  }
  return EXIT.holds;
}

const one = (path: string, content: string): Exported => ({ files: [{ path, content }], code: EXIT.holds });
