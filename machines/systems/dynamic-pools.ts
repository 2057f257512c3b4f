/**
 * The life of the swiotlb pools that are made at run time, on two CPUs.
 *
 * CPU 0 runs a driver that maps and unmaps one buffer, from process or atomic context; RCU callbacks in softirq
 * and both kworkers run there too, because the work was queued there. CPU 1 runs a reader that looks up an
 * address. The default pool is full. The atomic pool has room for one buffer, and the page allocator one block
 * for one dynamic pool, so that further requests meet real exhaustion.
 */
import type { InstanceDef, NetworkDef } from '../../src/lts/types.ts';
import { atomicPool } from '../atomic-pool.ts';
import { build } from '../build.ts';
import { conversion } from '../conversion.ts';
import { deferredWork } from '../deferred-work.ts';
import { dynamicFree } from '../dynamic-free.ts';
import { executionContext } from '../execution-context.ts';
import { factsWith, type SystemFacts } from '../facts.ts';
import { guest } from '../guest.ts';
import type { Actor, MachineFile, Replace } from '../machine-file.ts';
import { mapping } from '../mapping.ts';
import { page } from '../page.ts';
import { poolAllocation } from '../pool-allocation.ts';
import { poolLookup } from '../pool-lookup.ts';
import { rcuReader } from '../rcu-reader.ts';
import { swiotlbPool } from '../swiotlb-pool.ts';
import { conversionFor, knows, rangeSync } from './conversion-events.ts';
import { guestInstance } from './guest.ts';
import { only, own, within } from './sync.ts';

/** The two buffers: of the transient pool, of the dynamic pool. */
export const BUFFERS = ['T', 'D'] as const;
type Buffer = (typeof BUFFERS)[number];

/** Who may convert, look up and free which buffer. */
const CALLERS: Record<Buffer, readonly Actor[]> = { T: ['driver', 'softirq', 'worker'], D: ['grower'] };
/** Who builds the pool of which buffer. */
const BUILDER: Record<Buffer, Actor> = { T: 'driver', D: 'grower' };

export const FILES: readonly MachineFile[] = [
  mapping,
  swiotlbPool,
  poolAllocation,
  dynamicFree,
  deferredWork,
  poolLookup,
  rcuReader,
  executionContext,
  conversion,
  page,
  atomicPool,
  guest,
];

export function dynamicPools(
  patches: ReadonlySet<number>,
  given: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const facts = factsWith(patches, given);
  const make = (file: MachineFile, buf: Buffer = 'T') =>
    build(replace(file), patches, { ...given, spareBlocks: buf === 'T' });

  /** The answers after which a mapper has no transient pool. Without an atomic pool, that is any answer. */
  const refused = facts.forced && !facts.coherentPool;
  const refusals = [
    { type: 'kzalloc', by: 'driver', ok: false },
    { type: 'gen_pool_alloc', ok: false },
    { type: 'alloc_pages', by: 'driver', ok: false },
    ...(refused ? [{ type: 'kzalloc', by: 'driver', ok: true }] : []),
  ];

  /** A write of the device may miss: pools are said to be shared and are not (powerpc ignores a refusal). */
  const mayMiss = facts.conversion === 'powerpc' && facts.forced;

  const driver = (): InstanceDef => {
    const spec = make(mapping);
    return {
      name: 'driver',
      spec,
      sync: {
        list_add_rcu: { type: 'list_add_rcu', by: 'driver', pool: 'T' },
        swiotlb_search_area: own(
          {},
          ({ params }) => !(params.found === true && params.boundary === 'narrow'),
        ),
        no_pool: refusals,
        device_write: ({ params: { arrives } }) =>
          mayMiss
            ? { type: 'device_write', arrives: arrives === true }
            : arrives === true
              ? { type: 'device_write' }
              : null,
        unwound: givenBack('T', ['driver']),
      },
    };
  };

  const pages = (buf: Buffer, range: 0 | 1): InstanceDef => {
    const spec = make(page, buf);
    return {
      name: `page[${buf === 'T' ? range : range + 2}]`,
      spec,
      sync: only(spec, {
        alloc_pages: { type: 'alloc_pages', by: BUILDER[buf], ok: true },
        gen_pool_alloc: buf === 'T' ? { type: 'gen_pool_alloc', ok: true } : null,
        gen_pool_free: buf === 'T' ? { type: 'dma_free_from_pool', buf, owned: true } : null,
        free_pages: { type: 'free_pages', buf },
        // Without an atomic pool a forced device has its mappings in dynamic pools.
        reached: mayMiss && buf === 'D' ? { type: 'device_write', arrives: true } : null,
        not_reached: mayMiss && buf === 'D' ? { type: 'device_write', arrives: false } : null,
        leak: { type: 'set_memory_encrypted_ret', buf, ret: 'failed' },
        ...rangeSync(facts.conversion, range, { buf }),
      }),
    };
  };

  const conversions = (buf: Buffer): InstanceDef => {
    const spec = conversionFor(make(conversion), facts.conversion, CALLERS[buf]);
    // Without an alias no worker converts a transient buffer: it is the atomic pool's, which knows it.
    const callers = own(
      { buf },
      (event) =>
        knows(facts.conversion, event) &&
        (event.params.by !== 'worker' || facts.remap || !/_(begin|range|host_call|end)$/.test(event.type)),
    );
    const builder = own(
      { buf },
      (event) => knows(facts.conversion, event) && event.params.by === BUILDER[buf],
    );
    return {
      name: `conversion[${buf}]`,
      spec,
      sync: Object.fromEntries(
        Object.keys(spec.alphabet).map((type) => [type, /decrypt/.test(type) ? builder : callers]),
      ),
    };
  };

  const allocation = (buf: Buffer): InstanceDef => {
    const by = BUILDER[buf];
    const spec = { ...make(poolAllocation), input: { mayBlock: buf === 'D' } };
    return {
      name: `allocation[${buf}]`,
      spec,
      sync: only(spec, {
        begin: buf === 'T' ? { type: 'schedule_work' } : { type: 'kworker_start', work: 'dyn_alloc' },
        kzalloc: own({ by }),
        gen_pool_alloc: buf === 'T' ? own({}) : null,
        alloc_pages: own({ by }),
        set_memory_decrypted: own({ buf, by }),
        set_memory_decrypted_ret: own({ buf, by }),
        get_free_pages: own({ by }),
        unwound: givenBack(buf, [by]),
        taken: buf === 'T' ? { type: 'swiotlb_search_pool_area' } : { type: 'list_add_rcu', pool: 'D' },
      }),
    };
  };

  const pool = (buf: Buffer): InstanceDef => {
    const spec = make(swiotlbPool);
    const by = BUILDER[buf];
    const common = {
      alloc_pages: { type: 'alloc_pages', by, ok: true },
      initialised: { type: 'get_free_pages', by, ok: true },
      list_add_rcu: { type: 'list_add_rcu', by, pool: buf },
      lookup_misses: { type: 'dma_free_from_pool', buf, owned: false },
      gone: [
        { type: 'free_pages', buf },
        { type: 'set_memory_encrypted_ret', buf, ret: 'failed' },
      ],
    } as const;
    const transient = {
      gen_pool_alloc: { type: 'gen_pool_alloc', ok: true },
      list_del_rcu: { type: 'list_del_rcu' },
      queue_rcu_work: { type: 'queue_rcu_work' },
      call_rcu: { type: 'call_rcu' },
      lookup_hits: { type: 'dma_free_from_pool', buf, owned: true },
      walk_seen: facts.dynamic ? { type: 'walk_transient', seen: true } : null,
      walk_unseen: facts.dynamic ? { type: 'walk_transient', seen: false } : null,
      dma_map_phys: { type: 'dma_map_phys' },
    } as const;
    const dynamic = {
      search_found: { type: 'swiotlb_search_area', found: true },
      search_missed: { type: 'swiotlb_search_area', boundary: 'wide', found: false },
    } as const;
    return {
      name: `pool[${buf}]`,
      spec,
      sync: only(spec, { ...common, ...(buf === 'T' ? transient : dynamic) }),
    };
  };

  const free = (buf: Buffer): InstanceDef => {
    const spec = within(make(dynamicFree), { by: CALLERS[buf] });
    const callers = own({ buf }, ({ params }) => CALLERS[buf].includes(params.by as Actor));
    const builder = (type: string, more: object) => (event: { params: Record<string, unknown> }) =>
      event.params.by === BUILDER[buf] ? ({ type, ...more } as never) : null;
    return {
      name: `free[${buf}]`,
      spec,
      sync: only(spec, {
        kworker_start: buf === 'T' ? { type: 'kworker_start', work: 'dyn_free' } : null,
        rcu_softirq: buf === 'T' ? { type: 'rcu_softirq' } : null,
        softirq_exit: buf === 'T' ? { type: 'softirq_exit' } : null,
        search_failed: buf === 'T' ? { type: 'swiotlb_search_pool_area', found: false } : null,
        slots_failed: builder('get_free_pages', { ok: false }),
        decrypt_failed: builder('set_memory_decrypted_ret', { buf, ret: 'failed' }),
        dma_free_from_pool: own(
          { buf },
          ({ params }) =>
            CALLERS[buf].includes(params.by as Actor) && !(buf === 'D' && params.owned === true),
        ),
        set_memory_encrypted: callers,
        set_memory_encrypted_ret: callers,
        free_pages: callers,
      }),
    };
  };

  const work = (name: 'dyn_free' | 'dyn_alloc'): InstanceDef => {
    const spec = make(deferredWork);
    const start = { type: 'kworker_start', work: name, by: name === 'dyn_free' ? 'worker' : 'grower' };
    if (name === 'dyn_free') {
      const { schedule_work: _, ...rest } = spec.alphabet;
      const asItIs = Object.fromEntries(Object.keys(rest).map((type) => [type, own({})]));
      return {
        name: 'work[dyn_free]',
        spec,
        sync: only(spec, { ...asItIs, kworker_start: start, work_over: givenBack('T', ['worker']) }),
      };
    }
    return {
      name: 'work[dyn_alloc]',
      spec,
      sync: only(spec, {
        schedule_work: own({}),
        kworker_start: start,
        work_over: [
          { type: 'kzalloc', by: 'grower', ok: false },
          { type: 'alloc_pages', by: 'grower', ok: false },
          { type: 'list_add_rcu', by: 'grower', pool: 'D' },
          ...givenBack('D', ['grower']),
        ],
      }),
    };
  };

  /** Without SWIOTLB_DYNAMIC an address is compared with the one pool that there is: nothing is walked. */
  const reader = (): InstanceDef[] =>
    facts.dynamic
      ? [
          { name: 'lookup', spec: make(poolLookup) },
          {
            name: 'reader',
            spec: make(rcuReader),
            sync: { leave: [{ type: 'walk_transient', seen: false }, { type: 'list_next_rcu' }] },
          },
        ]
      : [];

  /** The driver's own read-side section, while it searches the lasting pools. Not entered by a refused mapping. */
  const searchSection = (): InstanceDef[] => {
    if (!facts.dynamic || !facts.defaultPool || (patches.has(7) && facts.memEncrypt !== facts.forced))
      return [];
    return [
      {
        name: 'reader[driver]',
        spec: make(rcuReader),
        sync: { rcu_read_lock: { type: 'dma_map_phys' }, leave: { type: 'swiotlb_search_area' } },
      },
    ];
  };

  const cpu0 = (): InstanceDef => {
    const spec = make(executionContext);
    const calls = ['dma_map_phys', 'dma_unmap_phys'];
    const edges = [...calls, ...calls.map((name) => `${name}_ret`)];
    return {
      name: 'cpu[0]',
      spec,
      sync: only(spec, {
        call: calls.map((type) => ({ type, ctx: 'process' })),
        call_atomic: calls.map((type) => ({ type, ctx: 'atomic' })),
        call_returns: calls.map((type) => ({ type: `${type}_ret` })),
        caller_step: () => (event: { actor: string; type: string }) =>
          event.actor === 'driver' && !edges.includes(event.type),
        task_step: () => (event: { actor: string }) => event.actor === 'worker' || event.actor === 'grower',
        softirq_enter: { type: 'rcu_softirq' },
        softirq_step: () => (event: { actor: string; type: string }) =>
          event.actor === 'softirq' && !['rcu_softirq', 'softirq_exit'].includes(event.type),
        softirq_exit: { type: 'softirq_exit' },
      }),
    };
  };
  const cpu1 = (): InstanceDef => {
    const spec = make(executionContext);
    return {
      name: 'cpu[1]',
      spec,
      sync: only(spec, { task_step: () => (event: { actor: string }) => event.actor === 'reader' }),
    };
  };

  const atomic = (): InstanceDef => {
    const spec = make(atomicPool);
    return {
      name: 'atomic-pool',
      spec,
      sync: only(spec, {
        gen_pool_alloc: own({}),
        gen_pool_free: { type: 'dma_free_from_pool', buf: 'T', owned: true },
      }),
    };
  };

  return {
    name: 'dynamic-pools',
    instances: [
      driver(),
      ...reader(),
      ...searchSection(),
      cpu0(),
      ...(facts.dynamic ? [cpu1()] : []),
      pool('T'),
      pool('D'),
      allocation('T'),
      allocation('D'),
      free('T'),
      free('D'),
      work('dyn_free'),
      work('dyn_alloc'),
      atomic(),
      conversions('T'),
      conversions('D'),
      pages('T', 0),
      pages('T', 1),
      pages('D', 0),
      pages('D', 1),
      ...guestInstance(given, make(guest)),
    ],
  };
}

/** The steps by which a buffer leaves the hands of whoever gives it back, one for each caller. */
function givenBack(buf: Buffer, callers: readonly Actor[]) {
  return callers.flatMap((by) => [
    ...(buf === 'T' ? [{ type: 'dma_free_from_pool', buf, by, owned: true }] : []),
    { type: 'free_pages', buf, by },
    { type: 'set_memory_encrypted_ret', buf, by, ret: 'failed' },
  ]);
}
