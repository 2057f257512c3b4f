/** The systems of the specification. A new one is a new file here and a line below. */
import type { NetworkDef, Property } from '../../src/lts/types.ts';
import type { SystemFacts } from '../facts.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { allocationProperties } from './allocation.properties.ts';
import { ALLOCATION_FILES, ALLOCATION_PAGES_FILES, allocation, allocationPages } from './allocation.ts';
import { atomicPoolsProperties } from './atomic-pools.properties.ts';
import { FILES as ATOMIC_POOLS_FILES, atomicPools } from './atomic-pools.ts';
import { bootProperties } from './boot.properties.ts';
import { FILES as BOOT_FILES, boot } from './boot.ts';
import { dynamicPoolsProperties } from './dynamic-pools.properties.ts';
import { FILES as DYNAMIC_POOLS_FILES, dynamicPools } from './dynamic-pools.ts';
import { restrictedProperties } from './restricted.properties.ts';
import { RESTRICTED_FILES, restricted } from './restricted.ts';
import { restrictedInitProperties } from './restricted-init.properties.ts';
import { FILES as RESTRICTED_INIT_FILES, restrictedInit } from './restricted-init.ts';
import { scalable, scalableFiles, scalableProperties } from './scalable.ts';
import { streamingProperties } from './streaming.properties.ts';
import { STREAMING_FILES, streaming } from './streaming.ts';
import { trustedProperties } from './trusted.properties.ts';
import { TRUSTED_FILES, trusted } from './trusted.ts';

export type { SystemFacts } from '../facts.ts';

export interface System {
  readonly name: string;
  /** One sentence for `--help` and the documentation. */
  readonly doc: string;
  /** The machines that it is made of. */
  readonly files: readonly MachineFile[];
  /** The patches that have a switch in it. */
  readonly patches: readonly number[];
  /** The options that make a difference to it; by default all may. */
  readonly options?: readonly string[];
  /** @param replace other files in the place of its own, in all instances; by default none */
  network(patches: ReadonlySet<number>, facts: SystemFacts, replace?: Replace): NetworkDef;
  properties(patches: ReadonlySet<number>, facts: SystemFacts): Property[];
}

export const SYSTEMS: readonly System[] = [
  {
    name: 'dynamic-pools',
    doc: 'swiotlb pools made at run time: built, published, used, unlinked, and freed after a grace period',
    files: DYNAMIC_POOLS_FILES,
    patches: [1, 2, 5, 7, 17, 20],
    options: ['swiotlb', 'dynamic', 'remap', 'coherent-pool', 'mask', 'device'],
    network: dynamicPools,
    properties: dynamicPoolsProperties,
  },
  {
    name: 'boot',
    doc: 'the default swiotlb pool from early boot to its end: reserved, converted, made late, torn down',
    files: BOOT_FILES,
    patches: [1, 2, 7, 18],
    options: ['swiotlb', 'dynamic', 'remap', 'mask', 'device'],
    network: boot,
    properties: bootProperties,
  },
  {
    name: 'restricted-init',
    doc: 'a restricted pool made by the first device of its region, and shared by the next',
    files: RESTRICTED_INIT_FILES,
    patches: [1, 2, 7, 18],
    options: ['remap', 'restricted-pool'],
    network: restrictedInit,
    properties: restrictedInitProperties,
  },
  {
    name: 'atomic-pools',
    doc: 'an atomic pool made at boot and grown by its worker, while a driver allocates from it',
    files: ATOMIC_POOLS_FILES,
    patches: [1, 5, 13],
    options: ['remap', 'coherent-pool', 'mask', 'device'],
    network: atomicPools,
    properties: atomicPoolsProperties,
  },
  {
    name: 'allocation',
    doc: 'coherent memory: dma_alloc_attrs, dma_mmap_attrs, dma_free_attrs, with and without an IOMMU',
    files: ALLOCATION_FILES,
    patches: [1, 2, 3, 4, 5, 7, 8, 11, 16],
    options: [
      'remap',
      'coherent-pool',
      'restricted-pool',
      'coherence',
      'uncached',
      'mask',
      'iommu',
      'device',
    ],
    network: allocation,
    properties: allocationProperties('attrs'),
  },
  {
    name: 'allocation-pages',
    doc: 'pages for a device: dma_alloc_pages and dma_free_pages, with and without an IOMMU',
    files: ALLOCATION_PAGES_FILES,
    patches: [1, 2, 3, 5, 7, 15, 19],
    options: [
      'remap',
      'coherent-pool',
      'restricted-pool',
      'coherence',
      'uncached',
      'mask',
      'iommu',
      'device',
    ],
    network: allocationPages,
    properties: allocationProperties('pages'),
  },
  {
    name: 'streaming',
    doc: 'streaming mappings through a pool that lasts: maps, lists, syncs and unmaps on two CPUs',
    files: STREAMING_FILES,
    patches: [1, 2, 7, 9, 10],
    options: ['swiotlb', 'restricted-pool', 'coherence', 'mask', 'iommu', 'xen', 'device'],
    network: streaming,
    properties: streamingProperties,
  },
  {
    name: 'restricted',
    doc: 'a restricted pool with room for one: a mapping and a coherent allocation meet in it',
    files: RESTRICTED_FILES,
    patches: [1, 3, 7, 10],
    options: ['remap', 'mask', 'device'],
    network: restricted,
    properties: restrictedProperties,
  },
  {
    name: 'trusted',
    doc: 'a device that is accepted (TDISP) while it holds an allocation and a mapping',
    files: TRUSTED_FILES,
    patches: [1, 2, 7, 9, 10, 12],
    options: ['swiotlb', 'mask', 'device'],
    network: trusted,
    properties: trustedProperties,
  },
];

/** Systems for measurement only: they say nothing of the kernel that the others do not, and are never simulated. */
export const MEASURED_SYSTEMS: readonly System[] = [
  {
    name: 'scalable',
    doc: 'any number of mappers in any number of pools; the default has some ten thousand states',
    files: scalableFiles(),
    patches: [],
    options: [],
    network: scalable,
    properties: scalableProperties,
  },
];
