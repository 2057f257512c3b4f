/** `ccdma check`: which counterexamples are shown, in which form, and what else is said of a run. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { networkOf } from '../../src/conformance/subject.ts';
import { explore, runPath, stateText } from '../../src/lts/index.ts';
import { subject } from '../conformance/subjects.ts';
import { all, parseXml } from '../render/xml-check.ts';
import { ccdma, paste, schemaOf } from './run.ts';

const CHECK = ['check', 'boot', '--series', 'baseline', '--platform', 'tdx'];
const ONE = [...CHECK, '--property', 'free-private', '--all'];
const folder = mkdtempSync(join(tmpdir(), 'ccdma-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Shown {
  readonly property: string;
  readonly site: string;
  readonly steps: number;
  readonly path: readonly number[];
  readonly replay: string;
  readonly trace: readonly { readonly event: string }[];
}
const shown = async (args: readonly string[]): Promise<Shown[]> => {
  const { code, out } = await ccdma([...args, '--format', 'json']);
  expect(code).toBe(1);
  return JSON.parse(out).counterexamples;
};

describe('which', () => {
  test('by default one for each site; --all: the shortest of each property', async () => {
    const each = await shown(CHECK);
    const first = await shown([...CHECK, '--all']);
    const properties = [...new Set(each.map(({ property }) => property))];
    expect(first.map(({ property }) => property)).toEqual(properties);
    expect(each.length).toBeGreaterThan(first.length);
    for (const { property, steps } of first) {
      const others = each.filter((one) => one.property === property);
      expect(steps).toBe(Math.min(...others.map((one) => one.steps)));
    }
  });

  test('--more: as many different ones as are asked for, shortest first; each is one', async () => {
    const some = await shown([...CHECK, '--property', 'free-private', '--more', '3']);
    expect(some).toHaveLength(3);
    expect(new Set(some.map(({ path }) => path.join())).size).toBe(3);
    expect(some.map(({ steps }) => steps)).toEqual(some.map(({ steps }) => steps).sort((a, b) => a - b));
    const [shortest] = await shown(ONE);
    expect(some[0]!.path).toEqual(shortest!.path);
    for (const { replay, steps } of some) {
      const { code, out } = await paste(replay);
      expect(code).toBe(1);
      expect(out).toMatch(new RegExp(`^Step ${steps} violates free-private`, 'm'));
    }
  });

  test.each([
    [['--all', '--more', '2'], /give one of them/],
    [['--json', '--format', 'itf'], /give one of them/],
    [['--out', folder], /give a --format/],
    [['--format', 'itf'], /there are \d+ counterexamples, and one fits standard output/],
    [['--format', 'xml'], /'xml'.*table, sequence, mermaid, itf/],
    [['--property', 'free-privat'], /'free-privat'.*free-private/],
  ])('%s: one line, exit 2, nothing on standard output', async (args, message) => {
    const { code, out, err } = await ccdma([...CHECK, ...args]);
    expect([code, out]).toEqual([2, '']);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(err).toMatch(message);
  });
});

describe('in which form', () => {
  test('JSON: the steps of the path by name', async () => {
    const network = networkOf(subject('baseline', 'tdx', {}, 'boot'));
    for (const { path, steps, trace } of await shown(CHECK)) {
      expect(path).toHaveLength(steps);
      expect(trace.map(({ event }) => event)).toEqual(path.map((event) => network.events[event]!.label));
    }
  });

  test('ITF: a state for each step, a variable for each machine, the values those of the run', async () => {
    const [{ path }] = (await shown(ONE)) as [Shown];
    const { code, out } = await ccdma([...ONE, '--format', 'itf']);
    const trace = JSON.parse(out);
    expect(code).toBe(1);
    expect(trace['#meta'].format).toBe('ITF');
    expect(trace.states).toHaveLength(path.length + 1);
    const network = networkOf(subject('baseline', 'tdx', {}, 'boot'));
    for (const [n, state] of trace.states.entries()) {
      expect(Object.keys(state).sort()).toEqual(['#meta', ...trace.vars].sort());
      expect(state['#meta'].index).toBe(n);
      expect(state.action_taken).toBe(n === 0 ? 'init' : network.events[path[n - 1]!]!.label);
      const locals = runPath(network, path.slice(0, n)).at(-1)!;
      network.instances.forEach(({ name, lts }, i) => {
        expect(state[name]).toBe(stateText(lts.states[locals[i]!]!));
      });
    }
  });

  test('a sequence diagram: SVG with an arrow for each step; Mermaid with a message for each', async () => {
    const [{ path, site }] = (await shown(ONE)) as [Shown];
    const svg = await ccdma([...ONE, '--format', 'sequence']);
    const root = parseXml(svg.out);
    expect(root.name).toBe('svg');
    expect(root.children[0]!.text).toBe(`free-private fails at ${site}`);
    const numbers = all(root, 'text').flatMap(({ text }) => /^(\d+)\b/.exec(text)?.[1] ?? []);
    expect(numbers).toEqual(expect.arrayContaining(path.map((_, n) => `${n + 1}`)));
    const { out } = await ccdma([...ONE, '--format', 'mermaid']);
    expect(out).toMatch(/^sequenceDiagram$/m);
    expect(out.match(/^ +p\d+->>p\d+: \d+\. /gm)).toHaveLength(path.length);
  });

  test.each([
    ['itf', /\.itf\.json$/],
    ['mermaid', /\.mmd$/],
    ['sequence', /\.svg$/],
  ])('%s: with --out a file for each', async (format, name) => {
    const out = join(folder, format);
    const each = await shown(CHECK);
    expect((await ccdma([...CHECK, '--format', format, '--out', out])).code).toBe(1);
    const files = readdirSync(out);
    expect(files).toHaveLength(each.length);
    for (const file of files) {
      expect(file).toMatch(name);
      expect(readFileSync(join(out, file), 'utf8').length).toBeGreaterThan(100);
    }
    for (const { property } of each) expect(files.some((file) => file.includes(property))).toBe(true);
  });
});

describe('what else', () => {
  test('--stats: depth, branching, memory, time; in JSON time only when it is asked for', async () => {
    const { out } = await ccdma([...CHECK, '--stats']);
    expect(out).toMatch(/^Depth \d+; [\d.]+ transitions a state, \d+ at most; [\d.]+ bytes a state/m);
    expect(out).toMatch(/\d+\s+states\s+per\s+second/);
    const json = async (args: readonly string[]) =>
      JSON.parse((await ccdma([...CHECK, '--json', ...args])).out);
    const [plain, timed] = [await json([]), await json(['--stats'])];
    for (const data of [plain, timed]) expect(schemaOf('check')(data)).toBe(true);
    const keys = (data: typeof plain) => Object.keys(data.results[0].statistics);
    expect(keys(timed).filter((key) => !keys(plain).includes(key)).length).toBeGreaterThan(0);
    // Without it the same run has the same bytes.
    expect(JSON.stringify(await json([]))).toBe(JSON.stringify(plain));
  });

  test('--coverage: how often each step was taken, and which never', async () => {
    const { out } = await ccdma([...CHECK, '--coverage']);
    expect(out).toMatch(/swiotlb-boot/);
    const [{ coverage }] = JSON.parse((await ccdma([...CHECK, '--coverage', '--json'])).out).results;
    const graph = explore(networkOf(subject('baseline', 'tdx', {}, 'boot')));
    const { instances, events } = graph.network;
    for (const { machine, steps } of coverage) {
      // Each transition of the graph is a step of every instance that takes part.
      const parts = [...graph.labels].flatMap((event) => events[event]!.participants);
      const taken = parts.filter(([i]) => instances[i]!.lts.name === machine).length;
      expect(steps.reduce((sum: number, step: { taken: number }) => sum + step.taken, 0)).toBe(taken);
    }
    const never = coverage.flatMap(({ steps }: { steps: { taken: number }[] }) =>
      steps.filter(({ taken }) => taken === 0),
    );
    expect(never.length).toBeGreaterThan(0);
  });
});
