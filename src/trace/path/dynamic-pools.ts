/** A transient pool's life: the mapping that makes it, the unmap that retires it, and its deferred free. */
import { answerOf, contextOf, eachSeen, type Reading, type Sighting, told } from './reading.ts';

export const dynamicPoolsReading: Reading = {
  system: 'dynamic-pools',
  sightings(life) {
    const seen: Sighting[] = [];
    const add = (
      type: string,
      params: Parameters<typeof told>[0],
      record: Sighting['record'],
      except: Sighting['params'] = {},
    ) => seen.push({ type, params: told(params), except, record });
    eachSeen(life, ({ record, bound: { role, entry } }, inside) => {
      const [outer] = inside;
      const freeing = inside.includes('dyn_free');
      const by = !freeing ? 'driver' : record.context.interrupt > 0 ? 'softirq' : 'worker';
      const making = outer === 'map' || outer === 'tbl_map';
      switch (role) {
        case 'map':
          if (entry) add('dma_map_phys', { ctx: contextOf(record) }, record);
          break;
        case 'alloc_pool':
          // It came to its end: descriptor, buffer and slots were had.
          if (!entry && record.hex('ret') !== 0 && making)
            add('get_free_pages', { by: 'driver', ok: true }, record);
          break;
        case 'pool_alloc':
          if (!entry && inside.includes('alloc_pool'))
            add('gen_pool_alloc', { ok: record.hex('ret') !== 0 }, record);
          break;
        case 'decrypt':
        case 'encrypt': {
          const type = role === 'decrypt' ? 'set_memory_decrypted' : 'set_memory_encrypted';
          if (entry) add(type, { buf: 'T', by }, record);
          else add(`${type}_ret`, { buf: 'T', by, ret: answerOf(record) }, record);
          break;
        }
        case 'bounce':
          add('swiotlb_bounce', { dir: outer === 'unmap' ? 'out' : 'in' }, record);
          break;
        case 'tp_map':
          add('dma_map_phys_ret', {}, record, { result: 'error' });
          break;
        case 'unmap':
          if (entry) add('dma_unmap_phys', { ctx: contextOf(record) }, record);
          break;
        case 'tbl_unmap':
          add('list_del_rcu', {}, record);
          break;
        case 'tp_unmap':
          add('dma_unmap_phys_ret', {}, record);
          break;
        case 'dyn_free':
          if (!entry) break;
          if (record.context.interrupt > 0) add('rcu_softirq', {}, record);
          else if (!making) add('kworker_start', { work: 'dyn_free' }, record);
          break;
        case 'pool_free':
          if (!entry) add('dma_free_from_pool', { buf: 'T', by, owned: record.int('ret') !== 0 }, record);
          break;
      }
    });
    return seen;
  },
  requests: new Set(['dma_map_phys', 'dma_map_phys_ret', 'dma_unmap_phys', 'dma_unmap_phys_ret']),
  ends: [
    { type: 'free_pages', params: { buf: 'T' } },
    { type: 'dma_free_from_pool', params: { buf: 'T', owned: true } },
  ],
  shown: {
    dma_map_phys: { role: 'map' },
    gen_pool_alloc: { role: 'pool_alloc_ret' },
    get_free_pages: { role: 'alloc_pool_ret', of: { by: 'driver', ok: true } },
    set_memory_decrypted: { role: 'decrypt', of: { buf: 'T' } },
    set_memory_decrypted_ret: { role: 'decrypt_ret', of: { buf: 'T' } },
    set_memory_encrypted: { role: 'encrypt', of: { buf: 'T' } },
    set_memory_encrypted_ret: { role: 'encrypt_ret', of: { buf: 'T' } },
    swiotlb_bounce: { role: 'bounce' },
    dma_map_phys_ret: { role: 'tp_map' },
    dma_unmap_phys: { role: 'unmap' },
    list_del_rcu: { role: 'tbl_unmap' },
    dma_unmap_phys_ret: { role: 'tp_unmap' },
    kworker_start: { role: 'dyn_free', of: { work: 'dyn_free' } },
    dma_free_from_pool: { role: 'pool_free_ret', of: { buf: 'T' } },
  },
};
