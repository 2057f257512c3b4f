/** Coherent memory: allocated, freed. `dma_alloc_pages()` is a system of its own. */
import { mayBlock } from '../judge/context-check.ts';
import type { Life } from './gather.ts';
import { answerOf, eachSeen, type Reading, type Sighting, told } from './reading.ts';

const ALLOCS = ['dma_alloc_attrs', 'dma_free_attrs'] as const;
const PAGES = ['dma_alloc_pages', 'dma_free_pages'] as const;

function sightings(life: Life, [alloc, free]: typeof ALLOCS | typeof PAGES): Sighting[] {
  const seen: Sighting[] = [];
  const add = (
    type: string,
    params: Parameters<typeof told>[0],
    record: Sighting['record'],
    except: Sighting['params'] = {},
  ) => seen.push({ type, params: told({ by: 'driver', ...params }), except, record });
  const [begins, direct] =
    alloc === 'dma_alloc_attrs'
      ? (['alloc', 'direct_alloc'] as const)
      : (['direct_alloc_pages', 'direct_alloc_pages'] as const);
  eachSeen(life, ({ record, bound: { role, entry } }, inside) => {
    const freeing = inside.includes('direct_free') || inside.includes('direct_free_pages');
    switch (role) {
      case begins:
      case direct:
        if (entry && !inside.includes(begins)) {
          const gfp = record.int('gfp');
          add(alloc, { ctx: gfp === undefined ? undefined : mayBlock(gfp) ? 'process' : 'atomic' }, record);
        }
        break;
      case 'pool_alloc':
        if (!entry) add('gen_pool_alloc', { ok: record.hex('ret') !== 0 }, record);
        break;
      case 'decrypt':
      case 'encrypt': {
        const type = role === 'decrypt' ? 'set_memory_decrypted' : 'set_memory_encrypted';
        if (entry) add(type, { buf: 'A', in: freeing ? 'free' : undefined }, record);
        else add(`${type}_ret`, { buf: 'A', ret: answerOf(record) }, record);
        break;
      }
      case 'tp_alloc':
        add(`${alloc}_ret`, {}, record, { got: 'null' });
        break;
      case 'tp_free':
        add(free, {}, record);
        break;
      case 'pool_free':
        if (!entry) add('dma_free_from_pool', { owned: record.int('ret') !== 0 }, record);
        break;
      case 'direct_free':
      case 'direct_free_pages':
        if (!entry) add(`${free}_ret`, {}, record);
        break;
    }
  });
  return seen;
}

function reading(system: string, calls: typeof ALLOCS | typeof PAGES): Reading {
  const [alloc, free] = calls;
  const of = { by: 'driver' };
  return {
    system,
    sightings: (life) => sightings(life, calls),
    requests: new Set([alloc, `${alloc}_ret`, free, `${free}_ret`]),
    ends: [{ type: `${free}_ret`, params: { by: 'driver' } }],
    shown: {
      [alloc]: { role: alloc === 'dma_alloc_attrs' ? 'direct_alloc' : 'direct_alloc_pages', of },
      [`${alloc}_ret`]: { role: 'tp_alloc', of },
      gen_pool_alloc: { role: 'pool_alloc_ret', of },
      set_memory_decrypted: { role: 'decrypt', of },
      set_memory_decrypted_ret: { role: 'decrypt_ret', of },
      set_memory_encrypted: { role: 'encrypt', of },
      set_memory_encrypted_ret: { role: 'encrypt_ret', of },
      [free]: { role: 'tp_free', of },
      dma_free_from_pool: { role: 'pool_free_ret', of },
      [`${free}_ret`]: {
        role: alloc === 'dma_alloc_attrs' ? 'direct_free_ret' : 'direct_free_pages_ret',
        of,
      },
    },
  };
}

export const allocationReading = reading('allocation', ALLOCS);
export const allocationPagesReading = reading('allocation-pages', PAGES);
