/** The tasks of an allocation system: the code that runs under each, what it holds, the CPU it runs on. */
import type { EventPattern, InstanceDef, LocalEvent, MachineSpec } from '../../src/lts/types.ts';
import { callerContext } from '../caller-context.ts';
import { dmaBuffer } from '../dma-buffer.ts';
import { dmaMmap } from '../dma-mmap.ts';
import { alive } from './alive.ts';
import { type AllocationSetting, syncOf, TASKS, type Task } from './allocation-setting.ts';
import { only } from './sync.ts';

/** Everything that belongs to one task. */
export function task(setting: AllocationSetting, by: Task): InstanceDef[] {
  const names = setting.code.length === 1 ? ['call'] : ['alloc', 'free'];
  return [
    buffer(setting, by),
    ...setting.code.map((spec, i) => run(setting, by, names[i]!, spec)),
    ...(maps(setting, by) ? [run(setting, by, 'mmap', setting.make(dmaMmap))] : []),
    cpu(setting, by),
  ];
}

const maps = ({ entry }: AllocationSetting, by: Task) => entry === 'attrs' && by === 'driver';

/** What both an allocation, where it is unwound, and a free do. Told apart by `in`. */
const IN_BOTH = [
  'set_memory_encrypted',
  'set_memory_encrypted_ret',
  'vunmap',
  'iommu_unmap',
  'dma_free_from_pool',
  'cma_release',
  'free_pages',
  'swiotlb_release_slots',
];

/** A piece of the code under a task, about the memory that it names. */
function run(setting: AllocationSetting, by: Task, name: string, spec: MachineSpec): InstanceDef {
  const live = new Set(alive(spec, (event) => setting.can(by, event)).map(({ label }) => label));
  const { buf } = TASKS[by];
  const memory = { own: buf, pool: 'P' };
  const sync = ({ type, params, label }: LocalEvent) => {
    if (!live.has(label)) return null;
    const named = params.buf === undefined ? {} : { buf: memory[params.buf as 'own' | 'pool'] };
    const where = IN_BOTH.includes(type) && name !== 'call' ? { in: name } : {};
    return { ...params, ...named, ...where, by, type } as EventPattern;
  };
  return { name: `${name}[${buf}]`, spec, sync: syncOf(spec, sync) };
}

function buffer(setting: AllocationSetting, by: Task): InstanceDef {
  const { call, make, can } = setting;
  const spec = make(dmaBuffer);
  const live = setting.code.flatMap((one) => alive(one, (event) => can(by, event)));
  const passing = (type: string) => (event: LocalEvent) => {
    const there = live.some(
      (one) =>
        one.type === type &&
        Object.entries(event.params).every(([name, value]) => one.params[name] === value),
    );
    return there ? ({ ...event.params, by, type } as EventPattern) : null;
  };
  return {
    name: `buffer[${TASKS[by].buf}]`,
    spec,
    sync: only(spec, {
      alloc: { type: call.alloc, by },
      alloc_ret: passing(`${call.alloc}_ret`),
      free: passing(call.free),
      free_ret: passing(`${call.free}_ret`),
      mmap: maps(setting, by) ? { type: 'dma_mmap_attrs', by } : null,
    }),
  };
}

function cpu(setting: AllocationSetting, by: Task): InstanceDef {
  const spec = setting.make(callerContext);
  const calls = Object.values(setting.call);
  const mapped = maps(setting, by) ? ['dma_mmap_attrs'] : [];
  const edges = [...calls, ...mapped].flatMap((type) => [type, `${type}_ret`]);
  const steps = setting.code.some((one) =>
    alive(one, (event) => setting.can(by, event)).some(({ type }) => !edges.includes(type)),
  );
  const started = (ctx: string) => (event: { type: string; actor: string; params: { ctx?: unknown } }) =>
    event.actor === by && calls.includes(event.type) && event.params.ctx === ctx;
  return {
    name: `cpu[${TASKS[by].cpu}]`,
    spec,
    sync: only(spec, {
      call:
        by === 'driver'
          ? () => (event: { type: string; actor: string; params: { ctx?: unknown } }) =>
              started('process')(event) || (event.actor === by && mapped.includes(event.type))
          : null,
      call_atomic: () => started('atomic'),
      call_returns: () => (event: { type: string; actor: string }) =>
        event.actor === by && edges.includes(event.type) && event.type.endsWith('_ret'),
      caller_step:
        steps || mapped.length > 0
          ? () => (event: { actor: string; type: string }) =>
              event.actor === by && !edges.includes(event.type)
          : null,
    }),
  };
}
