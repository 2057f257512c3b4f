/** Machines, built for drawing. */
import { build } from '../../../machines/build.ts';
import type { Facts } from '../../../machines/facts.ts';
import type { MachineFile } from '../../../machines/machine-file.ts';
import type { MachineSpec } from '../../lts/index.ts';
import type { Series } from '../../series/index.ts';

/** Facts only decide what named guards answer; the drawing shows the guards' names. */
const ANY: Facts = {
  memEncrypt: true,
  forced: true,
  encodingBit: true,
  conversion: 'cca',
  remap: true,
  coherentPool: true,
  spareBlocks: true,
};

export const machineAs = (file: MachineFile, series: Series): MachineSpec => build(file, series.patches, ANY);
