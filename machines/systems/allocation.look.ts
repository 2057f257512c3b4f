/** How the properties of allocation look at the machines: what is held, what state memory is in, which code runs. */
import { matchesState, type StateValue } from 'xstate';
import type { GlobalEvent, LocalState } from '../../src/lts/types.ts';
import type { Facts } from '../facts.ts';
import type { Memory } from './allocation-memory.ts';
import type { Entry } from './allocation-setting.ts';

/** Local states by the name of their instance. */
export type Look = Readonly<Record<string, LocalState>>;

export const isIn = (state: LocalState | undefined, ...paths: string[]): boolean =>
  state !== undefined && paths.some((path) => matchesState(path, state.value as StateValue));

/** What a driver holds now. */
export interface Held {
  readonly got: string;
  readonly addr: string;
  /** Which memory it lies in; null: memory that is modelled no further. */
  readonly memory: Memory | null;
}

const MEMORY: Readonly<Record<string, Memory>> = {
  cookie: 'A',
  linear: 'A',
  alias: 'A',
  uncached: 'A',
  scattered: 'A',
  slots: 'P',
  'slots-alias': 'P',
  pool: 'P',
};

/** What the driver of a buffer may use; null if it holds nothing. Nothing is read before it is asked for. */
export function held(buffer: LocalState | undefined): Held | null {
  if (!isIn(buffer, 'held')) return null;
  const context = buffer!.context as { readonly got: string; readonly addr: string };
  return {
    get got() {
      return context.got;
    },
    get addr() {
      return context.addr;
    },
    get memory() {
      return MEMORY[context.got] ?? null;
    },
  };
}

/** The ranges of a memory; none where the system has no such memory. */
const ranges = (look: Look, memory: Memory) =>
  [look[`range[${memory}0]`], look[`range[${memory}1]`]].filter((range) => range !== undefined);
export const areShared = (look: Look, memory: Memory): boolean =>
  ranges(look, memory).every((range) => isIn(range, 'shared'));
export const arePrivate = (look: Look, memory: Memory): boolean =>
  ranges(look, memory).every((range) => isIn(range, 'private'));
/** `private and uncertain.entryShared`. */
export const stateText = (look: Look, memory: Memory): string =>
  ranges(look, memory)
    .map(({ value }) =>
      typeof value === 'string'
        ? value
        : Object.entries(value as object)
            .flat()
            .join('.'),
    )
    .join(' and ');

/** The memory that a step is about: named by the event, or the block of the page allocator. */
export const memoryOf = ({ params }: GlobalEvent): Memory => (params.buf === 'P' ? 'P' : 'A');

const ALLOCATES = {
  attrs: ['dma_direct_alloc', 'iommu_dma_alloc'],
  pages: ['dma_direct_alloc_pages', 'dma_common_alloc_pages'],
} as const;
const FREES = {
  attrs: ['dma_direct_free', 'iommu_dma_free'],
  pages: ['dma_direct_free_pages', 'dma_common_free_pages'],
} as const;

/** The kernel function that a step of a task stands in. */
export function codeAt(entry: Entry, facts: Facts) {
  const names = {
    allocates: ALLOCATES[entry][Number(facts.iommu)]!,
    frees: FREES[entry][Number(facts.iommu)]!,
  };
  return ({ type, actor }: GlobalEvent, look: Look): string => {
    if (type.startsWith('dma_mmap') || type === 'remap_pfn_range') return 'dma_mmap_attrs';
    const buffer = look[actor === 'other' ? 'buffer[B]' : 'buffer[A]'];
    return isIn(buffer, 'freeing') || type.startsWith('dma_free') ? names.frees : names.allocates;
  };
}
