/**
 * An atomic pool: made by the initcall, grown by a worker, with every failure and its unwinding, while a driver
 * allocates from it in process or atomic context. `I` is the memory that it is made with, `G` that by which it is
 * grown. One pool stands for the three: they differ in their zone only. CPU 0 runs all of it.
 */
import type { InstanceDef, NetworkDef } from '../../src/lts/types.ts';
import { atomicPoolExpand } from '../atomic-pool-expand.ts';
import { atomicPoolUser } from '../atomic-pool-user.ts';
import { build } from '../build.ts';
import { conversion } from '../conversion.ts';
import { deferredWork } from '../deferred-work.ts';
import { executionContext } from '../execution-context.ts';
import type { SystemFacts } from '../facts.ts';
import { guest } from '../guest.ts';
import type { Actor, MachineFile, Replace } from '../machine-file.ts';
import { memoryRange } from '../memory-range.ts';
import { poolChunk } from '../pool-chunk.ts';
import { conversionFor, knows, rangeSync } from './conversion-events.ts';
import { guestInstance } from './guest.ts';
import { only, own } from './sync.ts';

export const FILES: readonly MachineFile[] = [
  atomicPoolUser,
  atomicPoolExpand,
  poolChunk,
  conversion,
  memoryRange,
  deferredWork,
  executionContext,
  guest,
];

/** The two chunks, and who makes them. */
export const CHUNKS = { I: 'boot', G: 'grower' } as const satisfies Record<string, Actor>;
export type Chunk = keyof typeof CHUNKS;
const ALL = Object.keys(CHUNKS) as Chunk[];

export function atomicPools(
  patches: ReadonlySet<number>,
  given: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const make = (file: MachineFile) => build(replace(file), patches, given);
  /** Where there are no pools nothing is converted. */
  const steps = given.coherentPool ? given.conversion : 'none';

  const user = (): InstanceDef => ({
    name: 'driver',
    spec: make(atomicPoolUser),
    sync: {
      init_begins: { type: 'dma_atomic_pool_init' },
      gen_pool_avail: own({ by: 'driver' }),
      worker_looks: ({ params }) => ({ type: 'gen_pool_avail', by: 'grower', low: params.low === true }),
      // It warns where interrupts are off: no driver does that.
      dma_free_attrs: own({}, ({ params }) => params.ctx === 'process'),
      chunk_added: { type: 'gen_pool_add_virt', by: 'boot', ok: true },
      chunk_grown: { type: 'gen_pool_add_virt', by: 'grower', ok: true },
      pool_made: { type: 'dma_atomic_pool_init_ret', ret: 'ok' },
      no_pool: { type: 'dma_atomic_pool_init_ret', ret: 'failed' },
    },
  });

  const expand = (chunk: Chunk): InstanceDef => {
    const spec = make(atomicPoolExpand);
    const by = CHUNKS[chunk];
    const atBoot = by === 'boot';
    return {
      name: `expand[${chunk}]`,
      spec,
      sync: Object.fromEntries(
        Object.keys(spec.alphabet).map((type) => {
          if (type.startsWith('dma_atomic_pool_init')) return [type, atBoot ? own({}) : null];
          if (type === 'gen_pool_create') return [type, atBoot ? own({ by }) : null];
          if (type === 'kworker_start') return [type, atBoot ? null : own({ by, work: 'atomic_pool' })];
          if (type === 'gen_pool_avail') return [type, atBoot ? null : own({ by })];
          if (type === 'work_done') return [type, atBoot ? null : own({ by })];
          return [type, own({ by })];
        }),
      ),
    };
  };

  const chunks = (chunk: Chunk): InstanceDef => {
    const by = CHUNKS[chunk];
    return {
      name: `chunk[${chunk}]`,
      spec: make(poolChunk),
      sync: {
        cma_alloc: { type: 'cma_alloc', by, ok: true },
        alloc_pages: { type: 'alloc_pages', by, ok: true },
        vmap: { type: 'vmap', by, ok: true },
        vunmap: { type: 'vunmap', by },
        conversion_failed: [
          { type: 'set_memory_decrypted_ret', by, ret: 'failed' },
          { type: 'set_memory_encrypted_ret', by, ret: 'failed' },
        ],
        gen_pool_add_virt: { type: 'gen_pool_add_virt', by, ok: true },
        free_pages: { type: 'free_pages', by },
        over: by === 'boot' ? { type: 'dma_atomic_pool_init_ret' } : { type: 'work_done' },
      },
    };
  };

  const conversions = (chunk: Chunk): InstanceDef => {
    const spec = conversionFor(make(conversion), steps, [CHUNKS[chunk]]);
    return {
      name: `conversion[${chunk}]`,
      spec,
      sync: Object.fromEntries(
        Object.keys(spec.alphabet).map((type) => [type, own({}, (event) => knows(steps, event))]),
      ),
    };
  };

  const pages = (chunk: Chunk, range: 0 | 1): InstanceDef => {
    const by = CHUNKS[chunk];
    return {
      name: `page[${chunk === 'I' ? range : range + 2}]`,
      spec: make(memoryRange),
      sync: {
        ...rangeSync(steps, range, { by }),
        // Other pages bear the name.
        gone: [
          { type: 'cma_alloc', by, ok: true },
          { type: 'alloc_pages', by, ok: true },
        ],
      },
    };
  };

  const work = (): InstanceDef => {
    const spec = make(deferredWork);
    return {
      name: 'work',
      spec,
      sync: only(spec, {
        schedule_work: own({}),
        kworker_start: { type: 'kworker_start', by: 'grower', work: 'atomic_pool' },
        work_over: { type: 'work_done', by: 'grower' },
      }),
    };
  };

  const cpu = (): InstanceDef => {
    const spec = make(executionContext);
    const calls = ['dma_alloc_attrs', 'dma_free_attrs'];
    const edges = [...calls, ...calls.map((name) => `${name}_ret`)];
    return {
      name: 'cpu[0]',
      spec,
      sync: only(spec, {
        call: calls.map((type) => ({ type, ctx: 'process' })),
        call_atomic: { type: 'dma_alloc_attrs', ctx: 'atomic' },
        call_returns: calls.map((type) => ({ type: `${type}_ret` })),
        caller_step: () => (event: { actor: string; type: string }) =>
          event.actor === 'driver' && !edges.includes(event.type),
        task_step: () => (event: { actor: string }) => event.actor === 'boot' || event.actor === 'grower',
      }),
    };
  };

  return {
    name: 'atomic-pools',
    instances: [
      user(),
      cpu(),
      work(),
      ...ALL.map(expand),
      ...ALL.map(chunks),
      ...ALL.map(conversions),
      ...ALL.flatMap((chunk) => [pages(chunk, 0), pages(chunk, 1)]),
      ...(given.coherentPool ? guestInstance(given, make(guest)) : []),
    ],
  };
}
