/** `ccdma trace --to-path`: an object's life as a path, and what another series would have done. */
import { replayOnSimulator } from '../../conformance/conform.ts';
import type { Subject } from '../../conformance/subject.ts';
import { BASELINE, PLATFORMS, type Platform, type Series, V5 } from '../../series/index.ts';
import { TraceError } from '../../trace/index.ts';
import { judgeFile, Specification } from '../../trace/judge/index.ts';
import { bestOf, isWhole, type Retold, readingFor, requestsOf } from '../../trace/path/find.ts';
import { type Life, lifeOf, objectOf, type Wanted } from '../../trace/path/gather.ts';
import type { Reading } from '../../trace/path/reading.ts';
import type { Io } from '../io.ts';
import { Progress } from '../progress.ts';
import { EXIT } from '../results.ts';
import { platformOf, seriesOf } from '../select.ts';
import { toPathResult, toPathText } from '../text/to-path.ts';
import { UsageError, wholeNumber } from '../usage.ts';
import { printJson } from './common.ts';
import type { TraceOptions } from './trace.ts';

/** Where another series leaves the path, and what it does with the same requests. */
export interface Instead {
  readonly series: Series;
  /** Number of the step; null where it takes the whole path. */
  readonly step: number | null;
  readonly expected: string;
  readonly happened: string;
  readonly requests: Retold;
}

export interface ToPath {
  readonly file: string;
  readonly life: Life;
  readonly retold: Retold;
  readonly instead: Instead;
}

/** @throws UsageError where nothing is meant, or what is meant is no object of the log that any system has */
export async function traceToPath(io: Io, file: string, options: TraceOptions): Promise<number> {
  const progress = new Progress(io);
  const series = options.series === undefined ? [V5, BASELINE] : [seriesOf(options.series)];
  const platforms = options.platform === undefined ? PLATFORMS : options.platform.map(platformOf);
  try {
    progress.at(`${file}: looking for the object`);
    const life = await lifeIn(file, options);
    const reading = readingFor(life);
    if (reading === undefined) throw new UsageError(noSystem(life));
    const retold = best(life, reading, series, platforms, (text) => progress.at(text));
    const under = options.under === undefined ? opposite(retold.subject.series) : seriesOf(options.under);
    progress.at(`what ${under.name} does`);
    const found: ToPath = { file, life, retold, instead: insteadOf(life, reading, retold, under) };
    progress.done();
    if (options.json === true) printJson(io, 'trace', { results: [], paths: [toPathResult(found)] });
    else io.out(toPathText(io, found));
    return isWhole(retold) ? EXIT.holds : EXIT.fails;
  } catch (error) {
    throw error instanceof TraceError ? new UsageError(error.message) : error;
  } finally {
    progress.done();
  }
}

const opposite = ({ name }: Series): Series => (name === V5.name ? BASELINE : V5);

async function lifeIn(file: string, options: TraceOptions): Promise<Life> {
  // Whose machines judge does not matter for which events are an object's; a request that sleeps anywhere is one.
  const specification = () => new Specification(V5);
  const { verdict, shapes } = await judgeFile(file, specification());
  const wanted: Wanted = {
    name: options.object,
    ...(options.line !== undefined && {
      line: wholeNumber('--line', options.line, 1, Number.MAX_SAFE_INTEGER),
    }),
  };
  if (wanted.name === undefined && wanted.line === undefined) {
    const violations = verdict.properties
      .flatMap(({ first }) => first)
      .filter(({ object }) => object !== undefined);
    // The life of pages is in the call that converts them: a pool's has more to tell.
    const first = violations.find(({ object }) => !object!.name.startsWith('pages')) ?? violations[0];
    if (first === undefined)
      throw new UsageError(
        `${file}: nothing is violated; name an object of it with --line N, or --object as 'pool ffff9f94c210c3c0'`,
      );
    const object = await objectOf(file, specification(), { serial: first.object!.serial }, { shapes });
    return lifeOf(file, specification(), object!, { shapes });
  }
  const object = await objectOf(file, specification(), wanted, { shapes });
  if (object === undefined) throw new UsageError(unknownObject(file, wanted));
  return lifeOf(file, specification(), object, { shapes });
}

function unknownObject(file: string, { name, line }: Wanted): string {
  if (name === undefined)
    return `${file}: line ${line} concerns no object (a mapping, a pool, an allocation, pages)`;
  return `${file}: no object '${name}'; accepted: as verdicts name it ('pool ffff9f94c210c3c0', 'mapping 3e88e000 of nvme0', 'allocation 5d80000 of nvme0'), or its address`;
}

function noSystem({ name, object }: Life): string {
  const why =
    object.kind === 'pool'
      ? 'a pool that the growth worker made is never freed: name a transient one'
      : 'these pages are of no pool and no allocation that was made in this log';
  return `${name}: no path leads there; ${why}`;
}

/** The first series that takes all of it; else the one that takes most. */
function best(
  life: Life,
  reading: Reading,
  series: readonly Series[],
  platforms: readonly Platform[],
  progress: (text: string) => void,
): Retold {
  const all: Retold[] = [];
  for (const one of series) {
    const retold = bestOf(life, reading, one, platforms, progress);
    if (isWhole(retold)) return retold;
    all.push(retold);
  }
  return all.reduce((a, b) => (b.passage.reached > a.passage.reached ? b : a));
}

function insteadOf(life: Life, reading: Reading, { subject, passage }: Retold, under: Series): Instead {
  const other: Subject = { ...subject, series: under };
  const { divergence } = replayOnSimulator(other, subject.series, passage.path);
  return {
    series: under,
    step: divergence?.step ?? null,
    expected: divergence?.expected ?? '',
    happened: divergence?.happened ?? '',
    requests: requestsOf(life, reading, other),
  };
}
