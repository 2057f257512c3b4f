/** What must come, in every system that it makes sense in, as reviewed: where it does not, and why. */
import { describe, expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { networkOf, propertiesOf } from '../../src/conformance/subject.ts';
import { check, explore, type LeadsTo } from '../../src/lts/index.ts';
import { PLATFORMS } from '../../src/series/index.ts';
import { subject } from '../conformance/subjects.ts';
import { checked } from '../machines/known.ts';

/** `property`: stem | loop, of each leads-to that fails. */
function lassos(system: string, series: string, platform: string, options = {}): string[] {
  const { graph, verdicts } = checked(system, series, platform, options);
  const words = (path: readonly number[]) => path.map((e) => graph.network.events[e]!.label).join(' ');
  return verdicts.flatMap(({ name, kind, counterexamples }) =>
    kind === 'leads-to'
      ? counterexamples.map(({ path, loop }) => `${name}: ${words(path)} | ${words(loop!)}`)
      : [],
  );
}

test('every system in which something is asked for has it, with a witness', () => {
  const stated = SYSTEMS.map((system) => {
    const on = system.name.startsWith('restricted') ? 'pkvm' : 'tdx';
    const all = propertiesOf(subject('v5', on, {}, system.name));
    const names = all.flatMap(({ kind, name }) => (kind === 'leads-to' ? [name] : []));
    for (const name of names)
      expect(all.some((one) => one.kind === 'possible' && one.witnesses === name)).toBe(true);
    return [system.name, ...names];
  });
  expect(stated).toEqual([
    ['dynamic-pools', 'pool-comes-back', 'request-is-served'],
    ['boot', 'request-is-served'],
    // Two devices are probed; nobody asks for memory.
    ['restricted-init'],
    ['atomic-pools', 'request-is-served (allocation)'],
    ['allocation', 'request-is-served'],
    ['allocation-pages', 'request-is-served'],
    ['streaming', 'request-is-served'],
    ['restricted', 'request-is-served (allocation)', 'request-is-served (mapping)'],
    ['trusted', 'request-is-served (allocation)', 'request-is-served (mapping)'],
  ]);
});

/** What fails at its default options, by series. */
const FAILING: Readonly<Record<string, readonly string[]>> = {
  v5: ['dynamic-pools sme request-is-served', 'boot sme request-is-served'],
  baseline: [
    ...['sev', 'snp', 'tdx', 'vtom', 'cca', 'pkvm'].map(
      (platform) => `atomic-pools ${platform} request-is-served (allocation)`,
    ),
    'restricted cca request-is-served (allocation)',
    'restricted cca request-is-served (mapping)',
  ],
};
/** The large system is looked at where its pools differ most. */
const LARGE = ['tdx', 'cca', 's390-pv', 'sme'];

test.each(Object.entries(FAILING))('%s: what fails, on every platform', (series, failing) => {
  const found = SYSTEMS.flatMap(({ name: system }) =>
    PLATFORMS.filter(({ name }) => system !== 'dynamic-pools' || LARGE.includes(name)).flatMap(({ name }) =>
      checked(system, series, name)
        .verdicts.filter(({ kind, status }) => kind === 'leads-to' && status === 'fails')
        .map((verdict) => `${system} ${name} ${verdict.name}`),
    ),
  );
  expect(found).toEqual(failing);
});

describe('why', () => {
  test('from patch 7 on a device that is not forced is refused by a shared pool, every time', () => {
    const loop = 'dma_map_phys[boundary=wide,ctx=process] dma_map_phys_ret[result=error]';
    expect(lassos('dynamic-pools', 'v5', 'sme')).toEqual([`request-is-served:  | ${loop}`]);
    expect(lassos('dynamic-pools', 'v5', 'tdx', { device: 'trusted' })).toEqual([
      `request-is-served:  | ${loop}`,
    ]);
    expect(lassos('dynamic-pools', 'prefix:6', 'sme')).toEqual([]);
  });

  test('without patch 2 the bounce pool of a protected s390 guest is private, and refuses', () => {
    expect(lassos('boot', 'without:2', 's390-pv')).toHaveLength(1);
    expect(lassos('boot', 'v5', 's390-pv')).toEqual([]);
  });

  test('without patch 3 slots of a restricted pool that could not be converted are gone for good', () => {
    const [allocation] = lassos('restricted', 'without:3', 'cca');
    expect(allocation).toContain('set_memory_decrypted_ret[buf=P,by=driver,ret=failed] |');
    expect(lassos('restricted', 'v5', 'cca')).toEqual([]);
  });

  test('without patch 5 an atomic pool that got no memory at boot never gets any', () => {
    const [allocation] = lassos('atomic-pools', 'prefix:4', 'tdx');
    expect(allocation).toMatch(
      /ret=ok\] \| dma_alloc_attrs\[ctx=process\] gen_pool_alloc\[ok=false\] dma_alloc_attrs_ret\[result=error\]$/,
    );
    expect(lassos('atomic-pools', 'prefix:5', 'tdx')).toEqual([]);
  });
});

describe('what is taken for granted is needed: without it, it need not come', () => {
  const on = (platform: string, name: string) => {
    const meant = subject('v5', platform);
    const property = propertiesOf(meant).find((one) => one.name === name) as LeadsTo;
    const graph = explore(networkOf(meant));
    const status = (change: Partial<LeadsTo>) => check(graph, [{ ...property, ...change }])[0]!.status;
    /** The sets without which it fails. */
    const needed = () =>
      property.fair
        .filter(
          ({ name: set }) => status({ fair: property.fair.filter((one) => one.name !== set) }) === 'fails',
        )
        .map(({ name: set }) => set);
    return { property, status, needed };
  };

  test('for a pool to come back: each of those that have a part in it', () => {
    const { status, needed } = on('plain', 'pool-comes-back');
    expect(status({})).toBe('holds');
    expect(needed()).toEqual([
      'driver goes on',
      'reader goes on',
      'softirq goes on',
      'worker goes on',
      'rcu_gp_start',
      'rcu_gp_end',
      'rcu_softirq',
      'kworker_start of dyn_free',
    ]);
  });

  test('for a request where only the growth worker can make a pool: that worker', () => {
    const { status, needed } = on('ppc-svm', 'request-is-served');
    expect(status({})).toBe('holds');
    expect(needed()).toEqual(['grower goes on', 'kworker_start of dyn_alloc']);
  });

  test('calls with a spinlock held that never end keep the worker from starting', () => {
    const { property, status } = on('tdx', 'pool-comes-back');
    expect(status({})).toBe('holds');
    expect(property.onlyOnStem).toBeDefined();
    expect(status({ onlyOnStem: () => false })).toBe('fails');
  });
});
