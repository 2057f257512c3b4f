/** Lockstep catches a simulator that does too much, too little, or the same with another outcome. */
import { describe, expect, test } from 'vitest';
import { bindingOf, kernelFor } from '../../src/conformance/bindings.ts';
import { replayOnSimulator } from '../../src/conformance/conform.ts';
import { Bound, Lockstep } from '../../src/conformance/lockstep.ts';
import { networkOf } from '../../src/conformance/subject.ts';
import type { Network, Path } from '../../src/lts/index.ts';
import { seriesNamed, subject } from './subjects.ts';

function pathOf(network: Network, labels: readonly string[]): Path {
  return labels.map((label) => {
    const event = network.events.find((known) => known.label === label);
    if (event === undefined) throw new Error(`no event ${label}`);
    return event.index;
  });
}

const MAP = [
  'dma_map_phys[boundary=wide,ctx=process]',
  'swiotlb_search_area[boundary=wide,found=false]',
  'schedule_work',
  'kzalloc[by=driver,ok=true]',
  'gen_pool_alloc[attrs=CC_SHARED,ok=true]',
  'get_free_pages[by=driver,ok=true]',
  'swiotlb_search_pool_area[found=true]',
  'list_add_rcu[by=driver,pool=T]',
  'swiotlb_bounce[dir=in]',
  'dma_map_phys_ret[result=shared]',
];

describe('a mapping through a transient pool', () => {
  test('runs in lockstep, and the steps that no event stands for are told', () => {
    const v5 = subject('v5', 'cca');
    const replay = replayOnSimulator(v5, v5.series, pathOf(networkOf(v5), MAP));
    expect(replay.divergence).toBeNull();
    expect(replay.steps.map(({ event, hidden }) => [event.replace(/\[.*/, ''), hidden.join(' ')])).toEqual([
      ['dma_map_phys', ''],
      ['swiotlb_search_area', 'swiotlb_search_pool_area list_next_rcu'],
      ['schedule_work', ''],
      ['kzalloc', ''],
      ['gen_pool_alloc', ''],
      ['get_free_pages', ''],
      ['swiotlb_search_pool_area', ''],
      ['list_add_rcu', 'WRITE_ONCE'],
      ['swiotlb_bounce', ''],
      ['dma_map_phys_ret', ''],
    ]);
  });

  test('diverges where the intended machines meet a kernel without patch 20', () => {
    const without = subject('without:20', 'cca');
    const network = networkOf(subject('v5', 'cca'));
    const fails = [...MAP.slice(0, 5), 'get_free_pages[by=driver,ok=false]'];
    const path = pathOf(network, [...fails, 'dma_free_from_pool[buf=T,by=driver,owned=true]']);
    const { divergence, differences } = replayOnSimulator(without, seriesNamed('v5'), path);
    expect(differences.map(({ expected, happened }) => ({ expected, happened }))).toEqual([
      {
        expected: 'pool[T] in building {key=pool, record=none}',
        happened: 'pool[T] in building {key=linear, record=none}',
      },
    ]);
    expect(divergence).toMatchObject({
      part: 'outcome',
      site: 'dma_free_from_pool',
      step: 7,
      happened: 'an atomic pool owned the address: expected true, was false',
    });
  });
});

describe('what the simulator is ready for', () => {
  const v5 = subject('v5', 'tdx');
  const network = networkOf(v5);
  const fresh = () => new Lockstep(new Bound(network, bindingOf('dynamic-pools')), kernelFor(v5));
  const initially = [
    'find_pool',
    ...['process', 'atomic'].flatMap((ctx) =>
      ['wide', 'narrow'].map((b) => `dma_map_phys[boundary=${b},ctx=${ctx}]`),
    ),
  ];

  test('is what the machines enable, at the start', () => {
    expect(fresh().compareOffers(pathOf(network, initially))).toBeNull();
  });

  test('is too little when the machines enable one more', () => {
    expect(fresh().compareOffers(pathOf(network, [...initially, 'rcu_gp_start']))).toMatchObject({
      part: 'offer',
      site: 'rcu_gp_init',
      happened: 'rcu is ready for nothing',
    });
  });

  test('is too much when the machines enable one less', () => {
    expect(fresh().compareOffers(pathOf(network, initially.slice(1)))).toMatchObject({
      part: 'offer',
      expected: 'reader cannot do find_pool',
      happened: 'it is ready for it',
    });
  });
});
