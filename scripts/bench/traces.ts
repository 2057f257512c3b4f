/**
 * Lines of a trace log that are read and judged in a second, by one thread; and what is held in memory, for logs of
 * different lengths. The log is the largest recorded one, again and again, later each time.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gunzipSync } from 'node:zlib';
import { V5 } from '../../src/series/index.ts';
import { readTrace, type TraceSink } from '../../src/trace/index.ts';
import { judgeFile, Specification } from '../../src/trace/judge/index.ts';

const LOG = fileURLToPath(new URL('../../test/fixtures/traces/linux-7.3/exhaust.txt.gz', import.meta.url));
const REPEATS = [1, 4, 16];
const RUNS = 3;

interface Measured {
  /** Seconds of the clock, and of the processor: they differ where the machine has other things to do. */
  readonly wall: number;
  readonly cpu: number;
}

type Work = (progress: () => void) => Promise<unknown>;

async function measure(run: Work): Promise<Measured> {
  const [began, used] = [performance.now(), process.cpuUsage()];
  await run(() => {});
  const { user, system } = process.cpuUsage(used);
  return { wall: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** The most that is alive while the log is read, in MB beyond what was before: garbage is not counted. */
async function alive(run: Work): Promise<number> {
  collect();
  const before = process.memoryUsage().heapUsed;
  let [most, blocks] = [0, 0];
  await run(() => {
    if (++blocks % 32 !== 0) return;
    collect();
    most = Math.max(most, process.memoryUsage().heapUsed - before);
  });
  return most / 2 ** 20;
}

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!;

async function report(what: string, lines: number, run: Work): Promise<void> {
  const all: Measured[] = [];
  for (let i = 0; i < RUNS; i++) all.push(await measure(run));
  const rate = (key: keyof Measured) =>
    `${Math.round(lines / median(all.map((one) => one[key])) / 1000)} thousand lines/s`;
  const memory = (await alive(run)).toFixed(1);
  console.log(
    `  ${what.padEnd(16)} ${rate('cpu')} of processor time, ${rate('wall')} by the clock; ${memory} MB alive`,
  );
}

/** Writes the log so many times, each a thousand seconds after the one before. @returns its lines */
function writeLong(path: string, text: string, repeats: number): number {
  const lines = text.split('\n');
  const body = lines.findIndex((line) => !line.startsWith('#'));
  const file = openSync(path, 'w');
  try {
    writeSync(
      file,
      `${lines
        .slice(0, body)
        .filter((line) => !line.includes('entries-in-buffer'))
        .join('\n')}\n`,
    );
    for (let i = 0; i < repeats; i++) {
      const later = lines
        .slice(body, -1)
        .map((line) => line.replace(/ (\d+)(\.\d{6}: )/, (_, s, rest) => ` ${Number(s) + i * 1000}${rest}`));
      writeSync(file, `${later.join('\n')}\n`);
    }
  } finally {
    closeSync(file);
  }
  return body - 1 + repeats * (lines.length - 1 - body);
}

const NOTHING: TraceSink = { record: () => {}, loss: () => {} };

export async function benchTraces(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ccdma-bench-'));
  try {
    const text = gunzipSync(readFileSync(LOG)).toString('latin1');
    console.log('trace logs, one thread; judged by v5 on every platform');
    for (const repeats of REPEATS) {
      const path = join(folder, `${repeats}.txt`);
      const lines = writeLong(path, text, repeats);
      console.log(`${lines} lines, ${Math.round((text.length * repeats) / 2 ** 20)} MB`);
      await report('read', lines, (progress) => readTrace(path, NOTHING, { progress }));
      await report('read and judged', lines, (progress) =>
        judgeFile(path, new Specification(V5), { progress }),
      );
      rmSync(path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
