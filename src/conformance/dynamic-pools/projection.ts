/**
 * The state of `dynamic-pools` that the simulator is in, instance by instance: a pure function of its memory,
 * lists, queues and task frames. A local state is written as the engine writes it (`stateText`).
 *
 * Every local state of every machine is told apart from every other.
 */
import { DEFAULT_POOL, type Frame, type IoTlbPool, type Kernel, type Task } from '../../kernel/index.ts';
import type { Names } from '../binding.ts';
import { conversionState, guest } from '../common/conversion.ts';
import { findTask, inside, next } from '../common/frames.ts';
import { allocatorOwns, atomicPoolOwns, encryption, isFreePage, isKey } from '../common/memory.ts';

type Buffer = 'T' | 'D';

/** The tasks that may have a buffer in hand, with the name that the specification has for them. */
const HANDS = [
  ['driver/0', 'driver'],
  ['softirq/0', 'softirq'],
  ['kworker/dyn_free', 'worker'],
  ['kworker/dyn_alloc', 'grower'],
] as const;

const GROWER = 'kworker/dyn_alloc';
const builder = (kernel: Kernel, buf: Buffer) => findTask(kernel, buf === 'T' ? 'driver/0' : GROWER);

/** The descriptor of a pool whose buffer is at a physical address; not one whose buffer was given back already. */
function descriptorAt(kernel: Kernel, phys: number | null): IoTlbPool | undefined {
  if (phys === null) return undefined;
  for (const pool of kernel.state.pools) {
    if (pool.start === phys && !kernel.state.tasks.some((task) => onlyFreesDescriptor(task, pool.addr)))
      return pool;
  }
  return undefined;
}

/** The task has given the pool's buffer back, and frees the descriptor next. */
function onlyFreesDescriptor(task: Task, addr: number): boolean {
  return task.pending?.name === 'kfree' && task.pending.args.pool === addr;
}

function onList(kernel: Kernel, head: number, addr: number): boolean {
  for (let p = head; p !== 0; ) {
    if (p === addr) return true;
    p = kernel.state.pools.find((pool) => pool.addr === p)?.next ?? 0;
  }
  return false;
}

// ---- the mapping ----

function text(state: string, via = 'none', narrow = false, written = false): string {
  return `${state} {narrow=${narrow}, via=${via}, written=${written}}`;
}

function kind(kernel: Kernel, pool: number): string {
  for (const { addr, transient } of kernel.state.pools)
    if (addr === pool) return transient ? 'transient' : 'dynamic';
  return 'none';
}

function mapping(kernel: Kernel): string {
  const task = findTask(kernel, 'driver/0')!;
  const driver = kernel.state.drivers[0]!;

  const map = inside(task, 'driver_map');
  if (map !== undefined) {
    const narrow = map.boundary === 'narrow';
    const step = next(task);
    const search = inside(task, 'swiotlb_search_area');
    if (search !== undefined) {
      if (step === 'list_first_rcu') return text('mapping.searching', 'none', narrow);
      // The list has been read: a grown pool on it has room, the default pool has none.
      const found = !narrow && step === 'swiotlb_search_pool_area' && search.pool !== DEFAULT_POOL;
      return found ? text('mapping.copyingIn', 'dynamic') : text('mapping.growing', 'none', narrow);
    }
    if (step === 'schedule_work') return text('mapping.growing', 'none', narrow);
    if (inside(task, 'swiotlb_alloc_pool')) {
      return step === 'kfree' ? text('mapping.failed') : text('mapping.allocating', 'none', narrow);
    }
    const refused = inside(task, 'swiotlb_map');
    if (inside(task, 'swiotlb_tbl_map_single') === undefined && refused !== undefined)
      return step === 'queue_rcu_work' || step === 'call_rcu'
        ? text('mapping.retiring')
        : text('mapping.refusing', kind(kernel, poolAt(kernel, refused.tlb as number)));
    if (inside(task, 'swiotlb_search_pool_area')) {
      const lasting = !kernel.config.option('SWIOTLB_DYNAMIC');
      return text(lasting ? 'mapping.searching' : 'mapping.allocating', 'none', narrow);
    }
    if (inside(task, 'swiotlb_dyn_free'))
      return step === 'kfree' ? text('mapping.failed') : text('mapping.discarding');
    if (step === 'queue_rcu_work' || step === 'call_rcu') return text('mapping.discarding');
    if (step === 'list_add_rcu') return text('mapping.publishing', 'transient');
    if (step === 'WRITE_ONCE')
      return text('mapping.copyingIn', kind(kernel, inside(task, 'swiotlb_find_slots')!.pool as number));
    if (step === 'swiotlb_bounce')
      return text('mapping.copyingIn', kind(kernel, inside(task, 'swiotlb_bounce')!.pool as number));
    if (step === 'dma_map_phys_ret') {
      const dma = task.pending!.args.result as number;
      return dma === -1
        ? text('mapping.failed')
        : text('mapping.encoding', kind(kernel, poolOf(kernel, dma)));
    }
    return `mapping, before ${step}`;
  }
  const unmap = inside(task, 'dma_unmap_phys');
  if (unmap !== undefined) {
    const step = next(task);
    const copying = inside(task, 'swiotlb_sync_single_for_cpu') !== undefined;
    if (copying) {
      return text(
        'unmapping.copyingOut',
        kind(kernel, poolAt(kernel, unmap.paddr as number)),
        false,
        driver.deviceWrote,
      );
    }
    if (step === 'queue_rcu_work' || step === 'call_rcu') return text('unmapping.retiring');
    if (step === 'dma_unmap_phys_ret') return text('unmapping.returning');
    return text('unmapping.releasing', kind(kernel, poolAt(kernel, unmap.paddr as number)));
  }
  if (driver.mapping === null) return text('unmapped');
  return text('mapped', kind(kernel, poolOf(kernel, driver.mapping.dma)), false, driver.deviceWrote);
}

/** Address of the pool that a DMA address lies in. */
function poolOf(kernel: Kernel, dma: number): number {
  const bit = kernel.config.fact('addressBit');
  return poolAt(kernel, bit !== null && dma >= 2 ** bit.bit ? dma - 2 ** bit.bit : dma);
}

function poolAt(kernel: Kernel, phys: number): number {
  for (const { addr, start, end } of kernel.state.pools) {
    if (phys >= start && phys < end && !kernel.state.tasks.some((task) => onlyFreesDescriptor(task, addr)))
      return addr;
  }
  return 0;
}

// ---- reader and RCU ----

function lookup(kernel: Kernel): string {
  const task = findTask(kernel, 'reader/1');
  const frame = inside(task, 'swiotlb_find_pool');
  if (frame === undefined) return 'idle';
  const step = next(task);
  if (step === 'READ_ONCE') return 'called';
  const transient =
    step === 'list_first_rcu' ? false : !onList(kernel, kernel.state.mems[0]!.pools, frame.pool as number);
  if (!transient) return 'walking';
  return step === 'read_pool' ? 'holding' : 'passing';
}

function reader(name: string) {
  return (kernel: Kernel): string => {
    if (findTask(kernel, name)!.rcu === 0) return 'outside';
    return kernel.state.rcu.gp?.readers.includes(name) ? 'heldUp' : 'inside';
  };
}

function cpu(n: number) {
  return (kernel: Kernel): string => {
    let context = 'process';
    for (const task of kernel.state.tasks) {
      if (task.cpu !== n || task.context === 'process') continue;
      if (context !== 'softirq') context = task.context;
    }
    return context;
  };
}

// ---- work ----

function dynFree(kernel: Kernel): string {
  const { rcu, queued, tasks } = kernel.state;
  if (rcu.waiting.length > 0) return 'waiting';
  if (rcu.gp !== null) return 'grace';
  if (rcu.done.length > 0) return 'due';
  if (queued.some(({ work }) => work === 'dyn_free')) return 'queued';
  for (const task of tasks) {
    if (task.name.startsWith('kworker/dyn_free') && holdsBuffer(task)) return 'running';
    if (task.name === 'softirq/0') return 'callback';
  }
  return 'idle';
}

function dynAlloc(kernel: Kernel): string {
  const queued = kernel.state.queued.some(({ work }) => work === 'dyn_alloc');
  const task = findTask(kernel, GROWER);
  const running = task !== undefined && !['kfree', 'work_done'].includes(next(task));
  return running ? (queued ? 'runningAndQueued' : 'running') : queued ? 'queued' : 'idle';
}

/** The free of a pool has not yet given its buffer back: what follows is bookkeeping. */
function holdsBuffer(task: Task): boolean {
  return inside(task, 'swiotlb_dyn_free') !== undefined && next(task) !== 'kfree';
}

// ---- pools ----

/** The frame of `swiotlb_alloc_pool()` that has the buffer in hand, or of the `alloc_dma_pages()` below it. */
function allocatingFrame(kernel: Kernel, buf: Buffer, phys: number): Frame | undefined {
  const task = builder(kernel, buf);
  const alloc = inside(task, 'swiotlb_alloc_pool');
  if (alloc === undefined || next(task) === 'kfree') return undefined;
  const pages = inside(task, 'alloc_dma_pages');
  if (pages?.phys === phys) return pages;
  return alloc.phys === phys ? alloc : undefined;
}

/** Is a free of this pool on its way, and has it not yet given the buffer back? */
function isRetired(kernel: Kernel, addr: number): boolean {
  const { rcu, queued, tasks } = kernel.state;
  if (rcu.waiting.some(({ head }) => head === addr) || rcu.done.some(({ head }) => head === addr))
    return true;
  if (rcu.gp?.callbacks.some(({ head }) => head === addr)) return true;
  if (queued.some(({ pool }) => pool === addr)) return true;
  return tasks.some((task) => {
    if (task.name === 'driver/0') return false;
    if (inside(task, 'rcu_work_rcufn')?.head === addr) return true;
    return inside(task, 'swiotlb_dyn_free')?.pool === addr && next(task) !== 'kfree';
  });
}

/** Where a pool is in its life; `none` also while its buffer is in nobody's hands. */
function stage(kernel: Kernel, buf: Buffer, phys: number | null): string {
  if (phys === null) return 'none';
  if (allocatingFrame(kernel, buf, phys) !== undefined) return 'building';
  const pool = descriptorAt(kernel, phys);
  if (pool === undefined) return 'none';
  if (
    onList(kernel, buf === 'T' ? kernel.state.devices[0]!.transient : kernel.state.mems[0]!.pools, pool.addr)
  )
    return 'published';
  if (isRetired(kernel, pool.addr)) return 'retired';
  const driver = findTask(kernel, 'driver/0');
  if (inside(driver, 'swiotlb_tbl_unmap_single')?.pool === pool.addr) return 'unlinked';
  return 'building';
}

function pool(buf: Buffer) {
  return (kernel: Kernel, names: Names): string => {
    const phys = names[buf]!;
    const at = stage(kernel, buf, phys);
    if (at === 'none') return 'none {key=none, record=none}';
    const descriptor = descriptorAt(kernel, phys);
    const vaddr =
      descriptor?.vaddr ?? (allocatingFrame(kernel, buf, phys!)?.vaddr as number | undefined) ?? 0;
    const record = { true: 'shared', false: 'private', null: 'none' }[
      String(descriptor?.unencrypted ?? null)
    ];
    return `${at} {key=${isKey(kernel, vaddr) ? 'pool' : 'linear'}, record=${record}}`;
  };
}

function allocation(buf: Buffer) {
  return (kernel: Kernel): string => {
    const task = builder(kernel, buf);
    return `${allocationStage(task, kernel.config.option('SWIOTLB_DYNAMIC'))} {mayBlock=${buf === 'D'}}`;
  };
}

function allocationStage(task: Task | undefined, dynamic: boolean): string {
  const step = next(task);
  if (inside(task, 'swiotlb_alloc_pool') === undefined) {
    if (inside(task, 'swiotlb_dyn_alloc')) return step === 'list_add_rcu' ? 'built' : 'idle';
    const searches =
      dynamic && inside(task, 'swiotlb_search_pool_area') && !inside(task, 'swiotlb_search_area');
    return searches ? 'built' : 'idle';
  }
  if (inside(task, 'swiotlb_free_tlb')) return 'unwinding';
  if (inside(task, 'alloc_dma_pages')) {
    if (step === 'alloc_pages') return 'pages';
    if (inside(task, 'set_memory_decrypted'))
      return step === 'set_memory_decrypted' ? 'decrypt' : 'decrypting';
    return 'unwinding';
  }
  switch (step) {
    case 'kzalloc':
      return 'descriptor';
    case 'gen_pool_alloc':
      return 'atomicPool';
    case '__get_free_pages':
      return 'slots';
    default:
      return 'idle';
  }
}

// ---- buffers ----

function free(buf: Buffer) {
  return (kernel: Kernel): string => {
    for (const [name, by] of HANDS) {
      if ((by === 'grower') !== (buf === 'D')) continue;
      const at = freeStage(findTask(kernel, name));
      if (at !== 'idle') return `${at} {by=${by}}`;
    }
    return 'idle {by=nobody}';
  };
}

function freeStage(task: Task | undefined): string {
  const unwinding = inside(task, 'alloc_dma_pages') !== undefined;
  if (!unwinding && !inside(task, 'swiotlb_free_tlb') && !inside(task, 'swiotlb_dyn_free')) return 'idle';
  if (inside(task, 'set_memory_encrypted'))
    return next(task) === 'set_memory_encrypted' ? 'encrypt' : 'encrypting';
  switch (next(task)) {
    case 'free_pages':
    case 'dma_free_from_pool':
      return 'lookup';
    case '__free_pages':
      return 'free';
    default:
      return 'idle';
  }
}

function conversion(buf: Buffer) {
  return (kernel: Kernel): string => {
    for (const [name, by] of HANDS) {
      if ((by === 'grower') !== (buf === 'D')) continue;
      const at = conversionState(kernel, findTask(kernel, name));
      if (at !== null) return `${at} {by=${by}}`;
    }
    return 'idle {by=nobody}';
  };
}

const PAGE_BYTES = 4096;

/** A range of a buffer: its first page, or the rest. */
function page(buf: Buffer, range: 0 | 1) {
  return (kernel: Kernel, names: Names): string => {
    const buffer = names[buf]!;
    if (buffer === null) return 'elsewhere';
    const pages = buf === 'T' ? 2 : kernel.config.size('growSlabs') / 2;
    const phys = buffer + range * PAGE_BYTES;
    const count = range === 0 ? 1 : pages - 1;
    const ofPool = atomicPoolOwns(kernel, phys);
    if (ofPool && allocatorOwns(kernel, phys)) return 'ownedTwice';
    if (isFreePage(kernel, phys))
      return encryption(kernel, phys, count) === 'shared' ? 'elsewhereShared' : 'free';
    if (stage(kernel, buf, buffer) === 'none') return 'leaked';
    return `${ofPool ? 'lent' : 'swiotlb'}.${encryption(kernel, phys, count)}`;
  };
}

function atomicPool(kernel: Kernel): string {
  const lent = kernel.state.atomicPools.some(({ pool: { chunks } }) =>
    chunks.some(({ bits }) => bits.includes(1)),
  );
  return lent ? 'lent' : 'available';
}

export const projection: Readonly<Record<string, (kernel: Kernel, names: Names) => string>> = {
  driver: mapping,
  lookup,
  reader: reader('reader/1'),
  'reader[driver]': reader('driver/0'),
  'cpu[0]': cpu(0),
  'cpu[1]': cpu(1),
  'pool[T]': pool('T'),
  'pool[D]': pool('D'),
  'allocation[T]': allocation('T'),
  'allocation[D]': allocation('D'),
  'free[T]': free('T'),
  'free[D]': free('D'),
  'work[dyn_free]': dynFree,
  'work[dyn_alloc]': dynAlloc,
  'atomic-pool': atomicPool,
  'conversion[T]': conversion('T'),
  'conversion[D]': conversion('D'),
  'page[0]': page('T', 0),
  'page[1]': page('T', 1),
  'page[2]': page('D', 0),
  'page[3]': page('D', 1),
  guest,
};
