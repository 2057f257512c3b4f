/** `ccdma diagram`: machines as statecharts, counterexamples as sequence diagrams. */
import { resolve } from 'node:path';
import { SYSTEMS } from '../../../machines/systems/index.ts';
import type { MachineSpec } from '../../lts/index.ts';
import {
  dotStatechart,
  mermaidSequence,
  mermaidStatechart,
  svgFromDot,
  svgSequence,
} from '../../render/index.ts';
import { PROJECT, writeAll } from '../files.ts';
import { diagramFiles } from '../generate/diagrams.ts';
import { collect } from '../generate/file.ts';
import { machineAs } from '../generate/machines.ts';
import type { Io } from '../io.ts';
import { Lab } from '../lab.ts';
import { Progress } from '../progress.ts';
import { selectOne, seriesOf, systemOf } from '../select.ts';
import { paragraph } from '../text/layout.ts';
import { counterexampleTrace } from '../text/verdicts.ts';
import { UsageError, unknown } from '../usage.ts';
import { type CommandOptions, printJson } from './common.ts';
import { siteAmong } from './site.ts';

export interface DiagramOptions extends CommandOptions {
  readonly machine?: string;
  readonly property?: string;
  readonly site?: string;
  readonly format: string;
  readonly out?: string;
}

const FORMATS = ['svg', 'mermaid', 'dot'];

export async function diagram(io: Io, system: string | undefined, options: DiagramOptions): Promise<number> {
  if (!FORMATS.includes(options.format)) throw unknown('format', options.format, FORMATS);
  if (options.machine !== undefined) return oneMachine(io, system, options.machine, options);
  if (options.property !== undefined) return oneSequence(io, system, options.property, options);
  return all(io, system, options);
}

async function oneMachine(io: Io, system: string | undefined, name: string, options: DiagramOptions) {
  const systems = system === undefined ? SYSTEMS : [systemOf(system)];
  const files = systems.flatMap((each) => each.files);
  const file = files.find((each) => each.name === name);
  if (file === undefined) throw unknown('machine', name, [...new Set(files.map((each) => each.name))]);
  const [series = 'v5', ...more] = options.series ?? [];
  if (more.length > 0) throw new UsageError('give one --series for one machine');
  io.out((await drawMachine(machineAs(file, seriesOf(series)), options.format)).trimEnd());
  return 0;
}

async function drawMachine(spec: MachineSpec, format: string): Promise<string> {
  if (format === 'mermaid') return mermaidStatechart(spec);
  const dot = dotStatechart(spec);
  return format === 'dot' ? dot : svgFromDot(dot);
}

function oneSequence(io: Io, system: string | undefined, property: string, options: DiagramOptions): number {
  if (options.format === 'dot')
    throw new UsageError('a sequence diagram has no DOT form; accepted: svg, mermaid');
  const subject = selectOne({ ...options, system });
  const progress = new Progress(io);
  const checked = new Lab({ onProgress: (text) => progress.at(text) }).check(subject);
  progress.done();
  const site = siteAmong(checked, property, options.site);
  if (site === null) {
    io.err(paragraph(io, `${property} does not fail here: there is no counterexample to draw.`));
    return 0;
  }
  const trace = counterexampleTrace(checked, property, site)!;
  io.out((options.format === 'svg' ? svgSequence(trace) : mermaidSequence(trace)).trimEnd());
  return 1;
}

async function all(io: Io, system: string | undefined, options: DiagramOptions): Promise<number> {
  if ([options.series, options.platform, options.option].some((given) => given !== undefined)) {
    throw new UsageError(
      'the diagrams that are written as files are those of every series and platform; with --series or --platform give --machine or --property',
    );
  }
  const systems = system === undefined ? SYSTEMS : [systemOf(system)];
  const folder = options.out ?? resolve(PROJECT, 'generated/diagrams');
  const progress = new Progress(io);
  const lab = new Lab({ onProgress: (text) => progress.at(text) });
  const made = await collect(diagramFiles(lab, systems));
  progress.done();
  const files = made.map(({ path, content }) => ({ path: path.replace(/^diagrams\//, ''), content }));
  writeAll(folder, files);
  if (options.json === true) printJson(io, 'diagram', { folder, files: files.map(({ path }) => path) });
  else io.out([`Written to ${folder}:`, ...files.map(({ path }) => `  ${path}`)].join('\n'));
  return 0;
}
