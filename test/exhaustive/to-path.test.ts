/** An object's life in a real log, as a path; and what another series would have done. */
import { beforeAll, describe, expect, test } from 'vitest';
import { ccdma, paste, type Ran, schemaOf } from '../cli/run.ts';

const fixture = (name: string) => new URL(`../fixtures/traces/${name}.gz`, import.meta.url).pathname;
const SOFTIRQ = fixture('linux-6.12/exhaust.txt');
const WORKER = fixture('linux-7.3/exhaust.txt');
const CONTEXTS = fixture('linux-7.3/contexts.txt');

const replays = (out: string) => [...out.matchAll(/^ +(npx ccdma replay .*)$/gm)].map(([, line]) => line!);

describe('6.12: a transient pool, freed in softirq', () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await ccdma(['trace', SOFTIRQ, '--to-path'], 120);
  }, 60_000);

  test('its life is a path of the baseline; what the log does not show is filled in', () => {
    expect(ran.code).toBe(0);
    expect(ran.out).toContain('lines 84 to 543, as a path of dynamic-pools, baseline, plain');
    expect(ran.out).toMatch(/20 +softirq +rcu_softirq +rcu_core +536/);
    expect(ran.out).toMatch(
      /22 +softirq +set_memory_encrypted\[buf=T,by=softirq\] +set_memory_encrypted +542/,
    );
    expect(ran.out).toContain('12 steps of the log; 11 more');
  });

  test('v5 parts from it where the pool is not converted, and frees it in a worker', () => {
    expect(ran.out).toMatch(
      /It parts from the path at step 6 \(line 92\): in place of set_memory_decrypted\[buf=T,by=driver\] it does\s+get_free_pages/,
    );
    expect(ran.out).toMatch(/worker +kworker_start\[by=worker,work=dyn_free\]/);
  });

  test('the printed commands run as they are pasted', async () => {
    const [own, v5, asked] = replays(ran.out);
    const replayed = await paste(own!);
    expect(replayed.out).toContain('The simulated kernel took every step');
    const parted = await paste(v5!);
    expect(parted.code).toBe(1);
    expect(parted.out).toMatch(/They part at step 5.*Expected:\s+set_memory_decrypted\[buf=T,by=driver\]/s);
    const served = await paste(asked!);
    expect(served.code).toBe(0);
    expect(served.out).toContain('The simulated kernel took every step');
  }, 60_000);
});

test('7.3: a pool that a worker frees is a path of v5; the baseline hands it to an RCU callback', async () => {
  const { code, out } = await ccdma(
    ['trace', WORKER, '--to-path', '--line', '549', '--platform', 'tdx'],
    120,
  );
  expect(code).toBe(0);
  expect(out).toContain('as a path of dynamic-pools, v5, tdx');
  expect(out).toMatch(/worker +dma_free_from_pool\[buf=T,by=worker,owned=true\] +dma_free_from_pool +552/);
  expect(out).toContain('What would baseline have done here?');
  expect(out).toMatch(/in place of queue_rcu_work it does call_rcu/);
}, 60_000);

test('asked for v5 alone, the 6.12 pool is no path, and the last step that fits is told', async () => {
  const { code, out } = await ccdma(
    ['trace', SOFTIRQ, '--to-path', '--series', 'v5', '--platform', 'plain'],
    120,
  );
  expect(code).toBe(1);
  expect(out).toMatch(
    /No path of dynamic-pools, v5, plain.* takes what comes then, line 92: set_memory_decrypted/,
  );
}, 60_000);

test.each([
  [['--line', '14'], 'allocation 2720000 of ccdma', 'as a path of allocation, v5', 6],
  [['--line', '30'], 'mapping 3e88d000 of ccdma', 'as a path of streaming, v5', 8],
  [['--object', '3e88d000'], 'mapping 3e88d000 of ccdma', 'as a path of streaming, v5', 8],
  [['--line', '21'], 'pages ffff930485d80000 to ffff930485da0000', 'as a path of atomic-pools, v5', 23],
  [['--line', '40'], 'allocation 5d80000 of ccdma', 'as a path of allocation-pages, v5', 5],
])(
  '7.3, %j: mappings, allocations and chunks have their systems',
  async (args, object, system, steps) => {
    const { code, out } = await ccdma(['trace', CONTEXTS, '--to-path', '--platform', 'tdx', ...args], 140);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining(object) });
    expect(out).toContain(system);
    expect(out.split('What would')[0]).toMatch(new RegExp(`^${steps} .*\\n\\n`, 'm'));
    expect((await paste(replays(out)[0]!)).out).toContain('The simulated kernel took every step');
  },
  60_000,
);

test('its JSON keeps to the schema', async () => {
  const { out } = await ccdma([
    'trace',
    CONTEXTS,
    '--to-path',
    '--platform',
    'tdx',
    '--line',
    '30',
    '--json',
  ]);
  const json = JSON.parse(out);
  const validate = schemaOf('trace');
  expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
  expect(json.paths[0]).toMatchObject({ whole: true, system: 'streaming', instead: { series: 'baseline' } });
});

test.each([
  [[CONTEXTS, '--to-path'], 'nothing is violated; name an object of it with --line N, or --object'],
  [[CONTEXTS, '--to-path', '--line', '2'], 'line 2 concerns no object'],
  [[CONTEXTS, '--to-path', '--line', 'x'], "--line is 'x'"],
  [[CONTEXTS, '--to-path', '--object', 'pool 12'], "no object 'pool 12'; accepted:"],
  [[CONTEXTS, '--line', '14'], '--line needs --to-path'],
  [[CONTEXTS, '--to-path', '--coverage'], '--coverage says nothing beside --to-path'],
  [[CONTEXTS, CONTEXTS, '--to-path'], '--to-path is for one file'],
  [[CONTEXTS, '--to-path', '--line', '14', '--under', 'v6'], 'v6'],
])('trace %j is refused in one line', async (args, says) => {
  const { code, out, err } = await ccdma(['trace', ...args]);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.trim().split('\n')).toEqual([expect.stringContaining(says)]);
});
