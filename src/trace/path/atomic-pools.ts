/** A chunk of an atomic pool: the worker that makes it. */
import { answerOf, eachSeen, type Reading, type Sighting, told } from './reading.ts';

export const atomicPoolsReading: Reading = {
  system: 'atomic-pools',
  sightings(life) {
    const seen: Sighting[] = [];
    eachSeen(life, ({ record, bound: { role, entry } }, inside) => {
      const by = inside.includes('pool_work') || record.task.startsWith('kworker') ? 'grower' : 'boot';
      const add = (type: string, params: Parameters<typeof told>[0]) =>
        seen.push({ type, params: told(params), record });
      switch (role) {
        case 'pool_work':
          if (entry) add('kworker_start', { by: 'grower', work: 'atomic_pool' });
          break;
        case 'decrypt':
        case 'encrypt': {
          const type = role === 'decrypt' ? 'set_memory_decrypted' : 'set_memory_encrypted';
          if (entry) add(type, { by });
          else add(`${type}_ret`, { by, ret: answerOf(record) });
          break;
        }
        case 'expand':
          // Before patch 5 the answer is the conversion's own; an error says that there is no chunk.
          if (!entry && record.int('ret') === 0) add('gen_pool_add_virt', { by, ok: true });
          break;
      }
    });
    return seen;
  },
  requests: new Set(['kworker_start']),
  ends: [{ type: 'gen_pool_add_virt', params: { ok: true } }],
  shown: {
    kworker_start: { role: 'pool_work' },
    set_memory_decrypted: { role: 'decrypt', of: { by: 'grower' } },
    set_memory_decrypted_ret: { role: 'decrypt_ret', of: { by: 'grower' } },
    set_memory_encrypted: { role: 'encrypt', of: { by: 'grower' } },
    set_memory_encrypted_ret: { role: 'encrypt_ret', of: { by: 'grower' } },
  },
};
