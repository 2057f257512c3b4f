/**
 * The state of `allocation` and `allocation-pages` that the simulator is in, instance by instance: a pure function
 * of its memory, tables and task frames.
 *
 * `A` is the block that the driver's last request got: a block that is leaked keeps its name until there is
 * another. `P` is the piece of the pool, from the start.
 *
 * Every local state of every machine is told apart from every other.
 */

import { inCma } from '../../kernel/cma.ts';
import { dma_coherent_ok } from '../../kernel/device.ts';
import { coherentPoolEnabled } from '../../kernel/dma/pool.ts';
import {
  type Allocation,
  type Frame,
  force_dma_unencrypted,
  type Kernel,
  PAGE_SIZE,
  type Task,
} from '../../kernel/index.ts';
import { PageHighMem, virt_to_phys } from '../../kernel/memory.ts';
import { is_vmalloc_addr } from '../../kernel/vmap.ts';
import type { Names } from '../binding.ts';
import { conversionState, guest } from '../common/conversion.ts';
import { findTask, inside, next } from '../common/frames.ts';
import { isFreePage, rangeState } from '../common/memory.ts';
import { iommuAlloc, iommuCall, iommuFree } from './iommu.ts';
import {
  addrOf,
  freed,
  type Given,
  gotOf,
  inPiece,
  isBlock,
  isRestricted,
  pieceOf,
  returned,
  wantsCookie,
} from './memory.ts';

export type Fn = Allocation['fn'];

/** All slots that a restricted pool of one segment has: the second request meets an empty pool. */
export const ALL_SLOTS = 128 * 2048;
type Buf = 'A' | 'B';
const DRIVER = { A: 0, B: 1 } as const;
const taskOf = (kernel: Kernel, buf: Buf) => findTask(kernel, `driver/${DRIVER[buf]}`);

// ---- what a driver holds ----

function buffer(buf: Buf) {
  return (kernel: Kernel): string => {
    const task = taskOf(kernel, buf);
    if (inside(task, 'driver_alloc')) return 'allocating {addr=none, got=null}';
    if (inside(task, 'driver_free')) return 'freeing {addr=none, got=null}';
    const held = kernel.state.drivers[DRIVER[buf]]!.allocations[0];
    if (held === undefined) return 'none {addr=none, got=null}';
    const got = gotOf(kernel, held);
    if (got === 'garbage') return 'confused {addr=none, got=null}';
    return `held {addr=${addrOf(kernel, held)}, got=${got}}`;
  };
}

function cpu(n: 0 | 1) {
  return (kernel: Kernel): string => findTask(kernel, `driver/${n}`)!.context;
}

function mmap(kernel: Kernel): string {
  const task = taskOf(kernel, 'A');
  if (inside(task, 'driver_mmap') === undefined) return 'idle';
  return next(task) === 'remap_pfn_range' ? 'protecting' : 'returning';
}

// ---- dma_direct_alloc, dma_direct_alloc_pages ----

/** The frame of the allocation that has the memory in hand. */
function allocFrame(task: Task | undefined): Frame | undefined {
  return inside(task, 'dma_direct_alloc') ?? inside(task, 'dma_direct_alloc_pages');
}

interface Obtained {
  readonly got: string;
  readonly decrypts: boolean;
  readonly highmem: boolean;
}
const NOTHING: Obtained = { got: 'null', decrypts: false, highmem: false };

/** What the allocation is going to hand out, as far as it has got. */
function obtained(kernel: Kernel, task: Task | undefined, stage: string): Obtained {
  if (['pool', 'arch', 'global', 'allocating.slots', 'refused'].includes(stage)) return NOTHING;
  const forced = force_dma_unencrypted(kernel, 0);
  const back = returned(task);
  if (back !== null) return describe(kernel, gotOf(kernel, back), forced, physOfBlock(kernel, back));
  const f = allocFrame(task);
  const phys = f?.phys as number;
  if (isRestricted(kernel)) {
    const got = is_vmalloc_addr((f?.ret ?? 0) as number) ? 'slots-alias' : 'slots';
    // Slots that the device cannot reach go back at once.
    if (stage === 'allocating.wrongSlots') return { ...NOTHING, got };
    return describe(kernel, got, forced, phys);
  }
  if (f?.attrs !== undefined && wantsCookie(kernel, f.attrs as string)) return { ...NOTHING, got: 'cookie' };
  const got = is_vmalloc_addr((f?.ret ?? 0) as number) ? 'alias' : 'linear';
  return describe(kernel, got, forced, stage.startsWith('allocating') ? 0 : phys);
}

function describe(kernel: Kernel, got: string, forced: boolean, phys: number): Obtained {
  const slots = got === 'slots' || got === 'slots-alias';
  const decrypts = slots ? forced && !kernel.config.patch(3) : ['linear', 'alias', 'uncached'].includes(got);
  const highmem = phys !== 0 && got === 'alias' && PageHighMem(kernel.state.memory, phys);
  return { got, decrypts: decrypts && forced, highmem };
}

/** Physical address of what is about to be returned, where its memory may have no linear address. */
function physOfBlock(kernel: Kernel, { cpu_addr }: Given): number {
  const area = kernel.state.memory.vmap.find(({ vaddr }) => vaddr === cpu_addr);
  return area?.frames[0] ?? 0;
}

function alloc(buf: Buf, fn: Fn) {
  return (kernel: Kernel): string => {
    const task = taskOf(kernel, buf);
    if (kernel.config.option('iommu')) return iommuAlloc(kernel, task);
    const stage = allocStage(kernel, task);
    const { got, decrypts, highmem } = stage === 'idle' ? NOTHING : obtained(kernel, task, stage);
    if (fn === 'dma_alloc_pages') return `${stage} {decrypts=${decrypts}, got=${got}}`;
    return `${stage} {blocks=false, decrypts=${decrypts}, got=${got}, highmem=${highmem}, noMapping=false}`;
  };
}

/** Slots were found, and the hidden step behind the search is outstanding. */
function hasFound(task: Task | undefined): boolean {
  return ((inside(task, 'swiotlb_find_slots')?.index ?? -1) as number) >= 0;
}

/** What is done next with slots that were found. */
function slotsStage(kernel: Kernel): string {
  const { phys } = pieceOf(kernel)!;
  if (!dma_coherent_ok(kernel, 0, phys, ALL_SLOTS)) return 'allocating.wrongSlots';
  const remap = !kernel.config.option('coherent') && kernel.config.fact('dmaDirectRemap');
  const decrypts = force_dma_unencrypted(kernel, 0) && !kernel.config.patch(3);
  if (decrypts && (kernel.config.patch(11) || !remap)) return 'decrypt';
  return remap ? 'remap' : 'zeroing';
}

function allocStage(kernel: Kernel, task: Task | undefined): string {
  if (inside(task, 'driver_alloc') === undefined) return 'idle';
  if (hasFound(task)) return slotsStage(kernel);
  const pages = inside(task, '__dma_direct_alloc_pages');
  const lower = pages?.zone === 'dma';
  switch (next(task)) {
    case 'cma_alloc':
      return 'allocating.cma';
    case 'alloc_pages':
      return lower ? 'allocating.lowerPages' : 'allocating.pages';
    case 'cma_release':
      return pages === undefined ? 'release' : 'allocating.wrongCma';
    case '__free_pages':
      if (pages === undefined) return 'release';
      return lower ? 'allocating.wrongLowerPages' : 'allocating.wrongPages';
    case 'list_first_rcu':
    case 'swiotlb_search_pool_area':
      return 'allocating.slots';
    case 'list_next_rcu':
      return 'refused';
    case 'swiotlb_release_slots':
      return inside(task, 'dma_direct_alloc_swiotlb') ? 'allocating.wrongSlots' : 'release';
    case 'gen_pool_alloc':
    case 'WARN':
      return 'pool';
    case 'arch_dma_alloc':
      return 'arch';
    case 'dma_alloc_from_global_coherent':
      return 'global';
    case 'vmap':
      return 'remap';
    case 'memset':
      return 'zeroing';
    case 'arch_dma_set_uncached':
      return 'uncaching';
    case 'set_memory_decrypted':
      return 'decrypt';
    case 'set_memory_encrypted':
      return 'encrypt';
    default:
      if (inside(task, 'set_memory_decrypted')) return 'decrypting';
      if (inside(task, 'set_memory_encrypted')) return 'encrypting';
      return task!.pending!.args.result === 0 ? 'refused' : 'returning';
  }
}

// ---- dma_direct_free, dma_direct_free_pages ----

function free(buf: Buf) {
  return (kernel: Kernel): string => {
    const task = taskOf(kernel, buf);
    if (kernel.config.option('iommu')) return iommuFree(kernel, task);
    const given = freed(task);
    if (given === null) return 'idle {encrypts=false, got=null}';
    const kind = gotOf(kernel, given);
    const got = ['cookie', 'arch', 'global'].includes(kind) ? 'null' : kind;
    const slots = kind.startsWith('slots') && kernel.config.patch(3);
    const encrypts = got !== 'null' && !slots && force_dma_unencrypted(kernel, 0);
    return `${freeStage(kernel, task, kind, encrypts)} {encrypts=${encrypts}, got=${got}}`;
  };
}

/** What a free does with memory that is not a pool's, once it has looked who owns it. */
function undoing(kind: string, encrypts: boolean): string {
  if (kind === 'alias' || kind === 'slots-alias') return 'unmap';
  if (kind === 'uncached') return 'clear';
  return encrypts ? 'encrypt' : 'release';
}

function freeStage(kernel: Kernel, task: Task | undefined, kind: string, encrypts: boolean): string {
  switch (next(task)) {
    case 'WARN':
      // Before anything else.
      if (kind === 'cookie') return 'release';
      if (kind === 'arch' || kind === 'global') return kind;
      return coherentPoolEnabled(kernel) ? 'lookup' : undoing(kind, encrypts);
    case 'READ_ONCE':
    case 'list_first_rcu':
    case 'read_pool':
    case 'list_next_rcu':
      return kernel.config.patch(3) ? undoing(kind, encrypts) : 'release';
    case 'dma_free_from_pool':
      return 'lookup';
    case 'vunmap':
      return 'unmap';
    case 'arch_dma_clear_uncached':
      return 'clear';
    case 'set_memory_encrypted':
      return 'encrypt';
    case 'arch_dma_free':
      return 'arch';
    case 'dma_release_from_global_coherent':
      return 'global';
    case 'cma_release':
    case '__free_pages':
    case 'swiotlb_release_slots':
      return 'release';
    default:
      return inside(task, 'set_memory_encrypted') ? 'encrypting' : 'returning';
  }
}

// ---- memory ----

function conversion(memory: 'A' | 'P') {
  return (kernel: Kernel): string => {
    for (const [buf, by] of [
      ['A', 'driver'],
      ['B', 'worker'],
    ] as const) {
      const task = taskOf(kernel, buf);
      const at = conversionState(kernel, task);
      if (at === null) continue;
      const f = inside(task, 'set_memory_decrypted') ?? inside(task, 'set_memory_encrypted');
      if (inPiece(kernel, virt_to_phys(f!.addr as number)) === (memory === 'P')) return `${at} {by=${by}}`;
    }
    return 'idle {by=nobody}';
  };
}

/** The free has not come to its end: it has its memory, unless it gave it back. */
const isFreeing = (task: Task | undefined): boolean => !next(task).endsWith('_ret') || converts(task);
const converts = (task: Task | undefined): boolean => inside(task, 'set_memory_encrypted') !== undefined;

/** Somebody has the block `A`: the driver, or code that allocates or frees it. */
function isHeld(kernel: Kernel, phys: number): boolean {
  const task = taskOf(kernel, 'A');
  const held = kernel.state.drivers[0]!.allocations[0];
  if (held !== undefined && isBlock(gotOf(kernel, held))) return true;
  const back = returned(task);
  if (back !== null && isBlock(gotOf(kernel, back))) return true;
  const given = freed(task);
  if (given !== null) return isFreeing(task) && isBlock(gotOf(kernel, given));
  return task!.stack.some((f) => f.phys === phys || (f.frames as number[] | undefined)?.[0] === phys);
}

function block(kernel: Kernel, names: Names): string {
  const phys = names.A!;
  if (phys === null) return 'elsewhere';
  if (!isHeld(kernel, phys)) return 'leaked';
  return inCma(kernel.state.cma, phys) ? 'cma' : 'pages';
}

/** A range of a memory: its first page, or the rest. */
function range(memory: 'A' | 'P', n: 0 | 1, bytes: (kernel: Kernel) => number) {
  return (kernel: Kernel, names: Names): string => {
    if (memory === 'P') {
      const { phys, pages } = pieceOf(kernel)!;
      return rangeState(kernel, n === 0 ? phys : phys + PAGE_SIZE, n === 0 ? 1 : pages - 1);
    }
    const phys = names.A!;
    if (phys === null || !isHeld(kernel, phys)) return 'private';
    return rangeState(kernel, phys + n * PAGE_SIZE, n === 0 ? 1 : bytes(kernel) / PAGE_SIZE - 1);
  };
}

function piece(kernel: Kernel): string {
  const { phys } = pieceOf(kernel)!;
  if (!isTaken(kernel, phys)) return 'available';
  // Put where it does not belong, it is still lent as far as the pool knows.
  if (isFreePage(kernel, phys)) return 'lent';
  return (['A', 'B'] as const).some((buf) => hasPiece(kernel, buf, phys)) ? 'lent' : 'lost';
}

function isTaken(kernel: Kernel, phys: number): boolean {
  if (!isRestricted(kernel)) return kernel.state.atomicPools[0]!.pool.chunks[0]!.bits.includes(1);
  const pool = kernel.state.pools.find(({ start }) => start === phys)!;
  return pool.areas.some(({ used }) => used > 0);
}

/** The task has the piece, or is about to give it back. */
function hasPiece(kernel: Kernel, buf: Buf, phys: number): boolean {
  const task = taskOf(kernel, buf);
  const held = kernel.state.drivers[DRIVER[buf]]!.allocations[0] ?? returned(task);
  if (held != null) {
    const got = gotOf(kernel, held);
    return got.startsWith('slots') || got === 'pool' || got === 'garbage';
  }
  const given = freed(task);
  if (given !== null) {
    const got = gotOf(kernel, given);
    return (got === 'pool' || got.startsWith('slots')) && isFreeing(task);
  }
  return hasFound(task) || task!.stack.some((f) => f.phys === phys || f.tlb === phys);
}

const freeList = (kernel: Kernel): string =>
  isFreePage(kernel, pieceOf(kernel)!.phys) ? 'ofPoolToo' : 'own';

export function projectionOf(
  fn: Fn,
  bytes: (kernel: Kernel) => number,
): Readonly<Record<string, (kernel: Kernel, names: Names) => string>> {
  return {
    'buffer[A]': buffer('A'),
    'buffer[B]': buffer('B'),
    'alloc[A]': alloc('A', fn),
    'alloc[B]': alloc('B', fn),
    'free[A]': free('A'),
    'free[B]': free('B'),
    'call[A]': (kernel) => iommuCall(taskOf(kernel, 'A')),
    'mmap[A]': mmap,
    'cpu[0]': cpu(0),
    'cpu[1]': cpu(1),
    'conversion[A]': conversion('A'),
    'conversion[P]': conversion('P'),
    'block[A]': block,
    'range[A0]': range('A', 0, bytes),
    'range[A1]': range('A', 1, bytes),
    'range[P0]': range('P', 0, bytes),
    'range[P1]': range('P', 1, bytes),
    'piece[P]': piece,
    'free-list': freeList,
    guest,
  };
}
