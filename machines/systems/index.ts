/** The systems of the specification. A new one is a new file here and a line below. */
import type { NetworkDef, Property } from '../../src/lts/types.ts';
import type { Facts } from '../facts.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { dynamicPoolsProperties } from './dynamic-pools.properties.ts';
import { FILES as DYNAMIC_POOLS_FILES, dynamicPools } from './dynamic-pools.ts';

/** What a system is told of platform, options and device. */
export type SystemFacts = Omit<Facts, 'spareBlocks'>;

export interface System {
  readonly name: string;
  /** One sentence for `--help` and the documentation. */
  readonly doc: string;
  /** The machines that it is made of. */
  readonly files: readonly MachineFile[];
  /** The patches that have a switch in it. */
  readonly patches: readonly number[];
  /** @param replace other files in the place of its own, in all instances; by default none */
  network(patches: ReadonlySet<number>, facts: SystemFacts, replace?: Replace): NetworkDef;
  properties(patches: ReadonlySet<number>, facts: SystemFacts): Property[];
}

export const SYSTEMS: readonly System[] = [
  {
    name: 'dynamic-pools',
    doc: 'swiotlb pools made at run time: built, published, used, unlinked, and freed after a grace period',
    files: DYNAMIC_POOLS_FILES,
    patches: [5, 7, 17, 20],
    network: dynamicPools,
    properties: dynamicPoolsProperties,
  },
];
