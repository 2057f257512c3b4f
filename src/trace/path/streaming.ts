/** A mapping through a slot of a pool that is there: made, synced by nobody that a probe shows, unmapped. */
import { ATTR } from '../binding/roles.ts';
import { eachSeen, type Reading, type Sighting, told } from './reading.ts';

const DIRECTIONS = ['BIDIRECTIONAL', 'TO_DEVICE', 'FROM_DEVICE'];

/** As the system writes attributes: those that it knows, sorted; the others change nothing in it. */
function attrsOf(bits: number | undefined): string | undefined {
  if (bits === undefined) return undefined;
  const names = [
    ...((bits & ATTR.CC_SHARED) !== 0 ? ['CC_SHARED'] : []),
    ...((bits & 0x400) !== 0 ? ['MMIO'] : []),
    ...((bits & 0x1000) !== 0 ? ['REQUIRE_COHERENT'] : []),
    ...((bits & ATTR.SKIP_CPU_SYNC) !== 0 ? ['SKIP_CPU_SYNC'] : []),
  ];
  return names.length === 0 ? 'none' : names.join('|');
}

export const streamingReading: Reading = {
  system: 'streaming',
  sightings(life) {
    const seen: Sighting[] = [];
    const add = (
      type: string,
      params: Parameters<typeof told>[0],
      record: Sighting['record'],
      except: Sighting['params'] = {},
    ) => seen.push({ type, params: told({ by: 'driver', ...params }), except, record });
    eachSeen(life, ({ record, bound: { role, entry } }, inside) => {
      switch (role) {
        case 'map':
          if (entry) {
            const dir = DIRECTIONS[record.int('dir') ?? -1];
            add('dma_map_phys', { attrs: attrsOf(record.int('attrs')), dir, size: 'fits' }, record);
          }
          break;
        case 'tbl_map':
          if (!entry) add('swiotlb_search_pool_area', { found: record.hex('ret') !== -1 }, record);
          break;
        case 'bounce':
          add('swiotlb_bounce', { dir: inside[0] === 'unmap' ? 'out' : 'in' }, record);
          break;
        case 'tp_map':
          add('dma_map_phys_ret', {}, record, { result: 'error' });
          break;
        case 'unmap':
          if (entry) {
            const skips = ((record.int('attrs') ?? 0) & ATTR.SKIP_CPU_SYNC) !== 0;
            add('dma_unmap_phys', { attrs: skips ? 'SKIP_CPU_SYNC' : 'none' }, record);
          }
          break;
        case 'tbl_unmap':
          add('swiotlb_release_slots', {}, record);
          break;
        case 'tp_unmap':
          add('dma_unmap_phys_ret', {}, record);
          break;
      }
    });
    return seen;
  },
  requests: new Set(['dma_map_phys', 'dma_map_phys_ret', 'dma_unmap_phys', 'dma_unmap_phys_ret']),
  ends: [{ type: 'dma_unmap_phys_ret', params: { by: 'driver' } }],
  shown: {
    dma_map_phys: { role: 'map', of: { by: 'driver' } },
    // Before its return, and the copy is in between: where it is not recorded it is filled in.
    swiotlb_search_pool_area: { role: 'tbl_map_ret', of: { by: 'driver' } },
    swiotlb_bounce: { role: 'bounce', of: { by: 'driver' } },
    dma_map_phys_ret: { role: 'tp_map', of: { by: 'driver' } },
    dma_unmap_phys: { role: 'unmap', of: { by: 'driver' } },
    swiotlb_release_slots: { role: 'tbl_unmap', of: { by: 'driver' } },
    dma_unmap_phys_ret: { role: 'tp_unmap', of: { by: 'driver' } },
  },
};
