/**
 * Allocation and free of coherent memory, and of pages.
 *
 * `driver` on CPU 0 allocates, maps into a process and frees buffer A, from process and atomic context. Where the
 * configuration has memory ready made (an atomic pool, a restricted pool), one piece of it is left, P, and
 * `other` on CPU 1, which never blocks, may have it. Each memory is two page ranges, so that a conversion can
 * stop between them.
 */
import type { NetworkDef } from '../../src/lts/types.ts';
import { callerContext } from '../caller-context.ts';
import { conversion } from '../conversion.ts';
import { directAlloc } from '../direct-alloc.ts';
import { directAllocPages } from '../direct-alloc-pages.ts';
import { directFree } from '../direct-free.ts';
import { directFreePages } from '../direct-free-pages.ts';
import { dmaBuffer } from '../dma-buffer.ts';
import { dmaMmap } from '../dma-mmap.ts';
import type { SystemFacts } from '../facts.ts';
import { freeList } from '../free-list.ts';
import { guest } from '../guest.ts';
import { iommuAlloc } from '../iommu-alloc.ts';
import { iommuAllocPages } from '../iommu-alloc-pages.ts';
import { iommuFree } from '../iommu-free.ts';
import { lentPiece } from '../lent-piece.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { memoryBlock } from '../memory-block.ts';
import { memoryRange } from '../memory-range.ts';
import { memory } from './allocation-memory.ts';
import { allocationSetting, convertsBlocks, type Entry } from './allocation-setting.ts';
import { task } from './allocation-tasks.ts';
import { guestInstance } from './guest.ts';

const COMMON = [dmaBuffer, callerContext, conversion, memoryBlock, lentPiece, memoryRange, guest];

export const ALLOCATION_FILES: readonly MachineFile[] = [
  directAlloc,
  directFree,
  iommuAlloc,
  iommuFree,
  dmaMmap,
  ...COMMON,
];

export const ALLOCATION_PAGES_FILES: readonly MachineFile[] = [
  directAllocPages,
  directFreePages,
  iommuAllocPages,
  freeList,
  ...COMMON,
];

/** `dma_alloc_attrs()`, `dma_mmap_attrs()` and `dma_free_attrs()`, of a device with or without an IOMMU. */
export const allocation = (patches: ReadonlySet<number>, facts: SystemFacts, replace?: Replace): NetworkDef =>
  network('attrs', patches, facts, replace);

/** `dma_alloc_pages()` and `dma_free_pages()`, of a device with or without an IOMMU. */
export const allocationPages = (
  patches: ReadonlySet<number>,
  facts: SystemFacts,
  replace?: Replace,
): NetworkDef => network('pages', patches, facts, replace);

function network(
  entry: Entry,
  patches: ReadonlySet<number>,
  facts: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const setting = allocationSetting(entry, patches, facts, replace);
  const converts = convertsBlocks(setting.facts);
  const tasks = setting.tasks.flatMap((by) => task(setting, by));
  return {
    name: entry === 'attrs' ? 'allocation' : 'allocation-pages',
    instances: [
      ...tasks,
      ...memory(setting, tasks),
      ...(converts ? guestInstance(facts, setting.make(guest)) : []),
    ],
  };
}
