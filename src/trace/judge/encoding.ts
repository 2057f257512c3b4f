/** Address-matches-memory: the bit of an address against what is known of the memory. */
import type { TraceRecord } from '../record.ts';
import { laneName } from './lanes.ts';
import type { Any } from './objects.ts';
import { hex, type Scene } from './scene.ts';

/** Judges an address that a device is given for memory that is known to be shared. */
export function judgeEncoding(
  scene: Scene,
  record: TraceRecord,
  dma: number,
  thing: Any,
  site: string,
): void {
  const bit = scene.specification.addressBit();
  if (bit === null || bit === undefined || dma < 0) return;
  const set = Math.floor(dma / 2 ** bit.bit) % 2 === 1;
  if (set === (bit.meaning === 'shared')) {
    scene.tally.check('address-matches-memory');
    return;
  }
  scene.tally.violated(
    'address-matches-memory',
    record,
    laneName(record),
    site,
    `the address ${hex(dma)} says private (bit ${bit.bit} is ${set ? 'set' : 'clear'}), and the memory was shared`,
    thing,
  );
}
