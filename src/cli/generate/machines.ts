/** Machines, built for drawing. */
import { build } from '../../../machines/build.ts';
import type { SystemFacts } from '../../../machines/facts.ts';
import type { MachineFile } from '../../../machines/machine-file.ts';
import type { MachineSpec } from '../../lts/index.ts';
import type { Series } from '../../series/index.ts';

/** Facts only decide what named guards answer; the drawing shows the guards' names. */
const ANY: SystemFacts = {
  memEncryptFrom: 0,
  forcedFrom: 0,
  forceFollowsMask: false,
  confined: true,
  trusted: false,
  mask: 64,
  encoding: 'shared',
  conversion: 'cca',
  contentsSurvive: false,
  remap: true,
  coherentPool: true,
  dynamic: true,
  restricted: false,
  swiotlb: 'default',
  poolAnywhere: false,
  archForcesBounce: true,
  coherent: true,
  uncached: 'none',
  iommu: false,
  xen: false,
  arm64: true,
};

export const machineAs = (file: MachineFile, series: Series): MachineSpec => build(file, series.patches, ANY);
