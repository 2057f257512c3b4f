/** `ccdma trace` and `ccdma probes`, as they are run. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FUNCTIONS } from '../../src/trace/binding/roles.ts';
import { PROBES, planFor, planForSymbols, readSymbols } from '../../src/trace/probes/index.ts';
import { ccdma, schemaOf } from '../cli/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'ccdma-trace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const fixture = (name: string) => new URL(`../fixtures/traces/${name}.gz`, import.meta.url).pathname;
const BAD = fixture('linux-6.12/exhaust.txt');
const GOOD = fixture('linux-7.3/contexts.txt');

describe('trace', () => {
  test('exits 1 when a property is violated, and says the line, the pool’s life and where it sleeps', async () => {
    const diagram = join(folder, 'violation.svg');
    const { code, out } = await ccdma(['trace', BAD, '--diagram', diagram], 140);
    expect(code).toBe(1);
    expect(out).toContain(
      'no-sleep-in-atomic, line 542, set_memory_encrypted, softirq on CPU 0 (13 times; this is the first)',
    );
    expect(out).toMatch(/536 +5\.662468 +softirq on CPU 0 +swiotlb_dyn_free +its deferred free begins/);
    expect(out).toMatch(/a conversion may sleep on sev, snp, tdx, vtom, cca and\s+sme/);
    expect(out).toContain('cannot be decided: not recorded: swiotlb_bounce');
    expect(readFileSync(diagram, 'utf8')).toContain('no-sleep-in-atomic');
  });

  test('whose request it is that a pool is made decrypted where one must not sleep', async () => {
    const { out } = await ccdma(['trace', BAD, '--platform', 'tdx'], 140);
    expect(out.replace(/\s+/g, ' ')).toContain(
      'On tdx a conversion may sleep. There a device that reaches shared memory only is given a pool from the atomic pools',
    );
  });

  test.each([
    ['before', true],
    ['behind', false],
  ])(
    'of several files one is no log: a line says so, %s the others, whose verdict stands',
    async (_, first) => {
      const none = join(folder, 'none.txt');
      writeFileSync(none, '');
      const among = (file: string) => (first ? [none, file] : [file, none]);
      const bad = await ccdma(['trace', ...among(BAD)]);
      expect(bad.code).toBe(1);
      expect(bad.out).toContain('violated at line 282');
      expect(bad.err).toMatch(/^ccdma: .*none\.txt: an empty file; nothing was traced\n$/);
      expect((await ccdma(['trace', ...among(GOOD)])).code).toBe(2);
    },
  );

  test('exits 0 when nothing is violated; 3 with --strict, for some properties cannot be decided', async () => {
    expect((await ccdma(['trace', GOOD])).code).toBe(0);
    expect((await ccdma(['trace', GOOD, '--strict'])).code).toBe(3);
    expect((await ccdma(['trace', BAD, '--strict'])).code).toBe(1);
  });

  test('its JSON keeps to the schema', async () => {
    const { out } = await ccdma(['trace', BAD, GOOD, '--json', '--coverage']);
    const json = JSON.parse(out);
    const validate = schemaOf('trace');
    expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
    expect(json.results.map(({ file }: { file: string }) => file)).toEqual([BAD, GOOD]);
    expect(json.results[1].coverage).toContainEqual({
      machine: 'direct-free',
      state: 'encrypt',
      event: 'set_memory_encrypted',
      to: 'encrypting',
      status: 'exercised',
      count: 13,
    });
  });

  test.each([
    [folder, 'a directory; name the trace logs in it'],
    ['/dev/null', 'not a file; a log is read more than once'],
  ])('no file, %s: one clear line and exit 2', async (path, says) => {
    const { code, err, out } = await ccdma(['trace', path]);
    expect([code, out]).toEqual([2, '']);
    expect(err.trim().split('\n')).toEqual([expect.stringContaining(says)]);
  });

  test.each([
    ['missing.txt', undefined, 'no such file'],
    ['empty.txt', '', 'an empty file'],
    ['words.txt', 'no trace at all\n', 'no trace log'],
    [
      'other.txt',
      '# tracer: nop\n#\n           sh-56 [001] ..... 5.084551: sched_waking: comm=sh pid=5 prio=120 target_cpu=001\n',
      'without a single event',
    ],
  ])('bad input, %s: one clear line and exit 2', async (name, content, says) => {
    const file = join(folder, name);
    if (content !== undefined) writeFileSync(file, content);
    const { code, err, out } = await ccdma(['trace', file]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(says);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  test('a directory, a name that does not exist', async () => {
    expect((await ccdma(['trace', folder])).err).toContain('a directory');
    expect(await ccdma(['trace', GOOD, '--platform', 'tdy'])).toMatchObject({ code: 2 });
    expect(await ccdma(['trace', GOOD, '--series', 'v6'])).toMatchObject({ code: 2 });
  });
});

describe('probes', () => {
  test('every probe sits on a function that the checker knows, with the arguments that it looks for', () => {
    for (const { event, symbol, args } of PROBES) {
      const bound = FUNCTIONS[symbol.replace(/^_+/, '')];
      expect(bound, event).toBeDefined();
      for (const arg of bound!.args) {
        if (args.length > 0)
          expect(
            args.map((one) => one.split('=')[0]),
            event,
          ).toContain(arg);
      }
    }
  });

  test('by version: the free of a pool is an RCU callback before the series, a work item after it', () => {
    const events = (plan: ReturnType<typeof planFor>) => plan.probes.map(({ probe }) => probe.event);
    expect(events(planFor([6, 12]))).toContain('swiotlb_dyn_free');
    expect(events(planFor([6, 12]))).toContain('dma_map_page_attrs');
    expect(events(planFor([7, 3]))).toContain('swiotlb_dyn_free_work');
    expect(events(planFor([7, 3]))).not.toContain('dma_map_page_attrs');
    for (const version of [
      [6, 12],
      [7, 3],
    ] as const) {
      const all = events(planFor(version));
      expect(new Set(all).size).toBe(all.length);
    }
  });

  test('by symbols: what is not there is said, with what it costs', () => {
    const names = [
      'set_memory_decrypted',
      'swiotlb_tbl_map_single',
      'swiotlb_dyn_free_work',
      'dma_map_phys',
      'dma_direct_free.part.0',
    ];
    const symbols = readSymbols(names.map((name) => `ffffffff81000000 T ${name}\n`).join(''))!;
    const plan = planForSymbols(symbols);
    expect(plan.probes.map(({ symbol }) => symbol)).toEqual([
      'set_memory_decrypted',
      'swiotlb_dyn_free_work',
      'swiotlb_tbl_map_single',
      'dma_map_phys',
    ]);
    expect(plan.missing.map(({ event }) => event)).toContain('dma_direct_free');
    expect(plan.missing.map(({ event }) => event)).not.toContain('swiotlb_dyn_free');
    expect(plan.lost).toContain('free-private');
    expect(readSymbols('nothing of the kind')).toBeUndefined();
  });

  test('three forms, one for each way to set them', async () => {
    const shell = await ccdma(['probes', '--kernel', '6.12.117-ccdma']);
    expect(shell.out).toContain(
      "echo 'p:ccdma/swiotlb_dyn_free swiotlb_dyn_free rcu=$arg1:x64' >> kprobe_events",
    );
    expect((await ccdma(['probes', '--as', 'cmdline'])).out).toMatch(
      /^trace_buf_size=64M trace_event=dma:\*,swiotlb:\* kprobe_event=p:ccdma\/\S+\n$/,
    );
    // What an earlier run has left is in the way.
    expect(shell.out.indexOf('-:ccdma/')).toBeLessThan(shell.out.indexOf("echo 'p:ccdma/"));
    const { err } = await ccdma(['probes', '--as', 'cmdline']);
    expect(err).toMatch(/^\d+ bytes: x86 and arm64 take 2048 .* --as bootconfig$/m);
    expect(err).toContain('each $ must be written \\$');
    expect(shell.err).not.toContain('COMMAND_LINE_SIZE');
    expect((await ccdma(['probes', '--as', 'bootconfig'])).out).toContain(
      'probes = "set_memory_encrypted%return ret=$retval:s32"',
    );
    expect(await ccdma(['probes', '--kernel', 'six'])).toMatchObject({ code: 2, out: '' });
    expect(await ccdma(['probes', '--as', 'xml'])).toMatchObject({ code: 2, out: '' });
  });
});
