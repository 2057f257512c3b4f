/** `restricted-init` in the simulator's words: the probes of devices 0 and 1, which name one region. */
import {
  type Answer,
  DEFAULT_MEM,
  type Kernel,
  type KernelConfig,
  type Stimulus,
  type Task,
} from '../../kernel/index.ts';
import type { GlobalEvent } from '../../lts/index.ts';
import { type Binding, type Offer, offerText, type Pending } from '../binding.ts';
import { conversionEvent, conversionState } from '../common/conversion.ts';
import { findTask, inside, next } from '../common/frames.ts';
import { encryption } from '../common/memory.ts';

const PROBES = ['probe0', 'probe1'] as const;
const taskOf = (probe: string) => `probe/${probe.slice(-1)}`;
const actorOf = (task: string) => (/^probe\/[01]$/.test(task) ? `probe${task.slice(-1)}` : null);

const STIMULI: Readonly<Record<string, Stimulus['name']>> = {
  rmem_swiotlb_device_init: 'rmem_device_init',
  rmem_swiotlb_device_release: 'rmem_device_release',
};

function stimulus({ type, params }: GlobalEvent): Stimulus | null {
  const name = STIMULI[type];
  return name === undefined ? null : { name, args: { device: Number(String(params.by).slice(-1)) } };
}

function stimulusEvent(_kernel: Kernel, { name, args }: Stimulus): Offer | null {
  const type = Object.keys(STIMULI).find((known) => STIMULI[known] === name);
  // Nothing else goes on: no driver uses the devices, and the default memory is not looked at.
  if (type === undefined) return null;
  const by = `probe${args.device}`;
  return { actor: by, event: offerText(type, { by }) };
}

const WHAT: Readonly<Record<string, string>> = {
  io_tlb_mem: 'mem',
  io_tlb_slot: 'slots',
  io_tlb_area: 'areas',
};

function pendingEvent(kernel: Kernel, task: Task): Pending | null {
  const by = actorOf(task.name)!;
  const conversion = conversionEvent(kernel, task, { by });
  if (conversion !== null) return conversion;
  const { name, args } = task.pending!;
  // The list of a memory that nobody else knows yet.
  if (inside(task, 'add_mem_pool')) return null;
  switch (name) {
    case 'READ_ONCE':
      return { type: 'read_priv', params: { by } };
    case 'kzalloc':
      return { type: name, params: { by, what: WHAT[args.what as string]! } };
    case 'WRITE_ONCE':
      // Which memory its own device has, nobody else asks.
      return args.field === 'rmem.priv' ? { type: 'write_priv', params: { by } } : null;
    case 'rmem_device_init_ret':
      return { type: 'rmem_swiotlb_device_init_ret', params: { by, ret: args.ret === 0 ? 'ok' : 'failed' } };
    case 'rmem_device_release_ret':
      return { type: 'rmem_swiotlb_device_release_ret', params: { by } };
    // What was made for nothing.
    case 'kfree':
    case 'guest_over':
      return null;
    default:
      throw new Error(`a step of ${task.name} that this system does not know: ${name}`);
  }
}

// ---- projection ----

function probe(name: string) {
  return (kernel: Kernel): string => {
    const task = findTask(kernel, taskOf(name));
    if (inside(task, 'rmem_swiotlb_device_release')) return 'releasing';
    if (task !== undefined) return `init.${initStage(task)}`;
    const device = kernel.state.devices[Number(name.slice(-1))]!;
    return device.io_tlb_mem === DEFAULT_MEM ? 'unbound' : 'bound';
  };
}

function initStage(task: Task): string {
  const step = next(task);
  if (inside(task, 'set_memory_decrypted')) return step === 'set_memory_decrypted' ? 'convert' : 'converting';
  if (inside(task, 'add_mem_pool')) return 'publishing';
  const { args } = task.pending!;
  switch (step) {
    case 'READ_ONCE':
      return 'reading';
    case 'kzalloc':
      return WHAT[args.what as string]!;
    case 'kfree':
      return 'failing';
    case 'WRITE_ONCE':
      return args.field === 'rmem.priv' ? 'publishing' : 'returning';
    default:
      return args.ret === 0 ? 'returning' : 'failing';
  }
}

/** How many memories manage the region, and what the one that is found records. */
function region(kernel: Kernel): string {
  const { mems, regions } = kernel.state;
  const priv = regions[0]?.priv ?? 0;
  const found = mems.find(({ addr }) => addr === priv);
  const record = { true: 'shared', false: 'private', null: 'none' }[String(found?.unencrypted ?? null)];
  return `${stage(kernel, priv)} {record=${record}}`;
}

function stage({ state }: Kernel, priv: number): string {
  if (priv === 0) return 'reserved';
  // One that has not been written to `rmem->priv` yet is still in the hands of its probe.
  const inHand = state.tasks.filter(
    ({ pending }) => pending?.args.field === 'rmem.priv' && pending.name === 'WRITE_ONCE',
  );
  const listed = state.tasks.filter((task) => inside(task, 'add_mem_pool') !== undefined);
  const made = state.mems.length - 1 - inHand.length - listed.length;
  return made > 1 ? 'managedTwice' : 'managed';
}

function conversion(name: string) {
  return (kernel: Kernel): string => {
    const at = conversionState(kernel, findTask(kernel, taskOf(name)));
    return at === null ? 'idle {by=nobody}' : `${at} {by=${name}}`;
  };
}

const PAGE_BYTES = 4096;

function page(range: 0 | 1) {
  return (kernel: Kernel): string => {
    const [known] = kernel.state.regions;
    // Where the device tree has no such region nothing ever happens.
    if (known === undefined) return 'swiotlb.private';
    const { phys, nslabs } = known;
    const [at, pages] = range === 0 ? [phys, 1] : [phys + PAGE_BYTES, nslabs / 2 - 1];
    return `swiotlb.${encryption(kernel, at, pages)}`;
  };
}

export const restrictedInitBinding: Binding = {
  system: 'restricted-init',
  noNames: {},
  machine: (config: KernelConfig): KernelConfig => ({ ...config, sizes: { boot: 'early', devices: 2 } }),
  stimulus,
  stimulusEvent,
  task: taskOf,
  actor: actorOf,
  pendingEvent,
  outcomes: { read_priv: ['set'] },
  answer: ({ params }): Answer => (params.ok === true ? 'ok' : 'fail'),
  contradicts({ type, params }, { result }) {
    if (type !== 'read_priv' || (result !== 0) === params.set) return null;
    return `rmem->priv was set: expected ${params.set}, was ${!params.set}`;
  },
  rename: (names) => names,
  projection: {
    ...Object.fromEntries(
      PROBES.flatMap((name) => [
        [name, probe(name)],
        [`conversion[${name}]`, conversion(name)],
      ]),
    ),
    region,
    'page[0]': page(0),
    'page[1]': page(1),
  },
};
