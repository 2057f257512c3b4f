/**
 * Another thread in `swiotlb_find_pool()`, as a sync or unmap of an unbounced buffer: it walks the lasting pools,
 * then the transient pools of the device, under `rcu_read_lock()`. An address of no pool makes it look at every
 * pool there is. Lasting pools are never freed, so only the second walk is an event here.
 * Source: kernel/dma/swiotlb.c (__swiotlb_find_pool).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

type Event =
  | { type: 'find_pool' | 'rcu_read_lock' | 'read_pool' | 'list_next_rcu' }
  | { type: 'walk_transient'; seen: boolean };

export const machine = setup({
  types: { events: {} as Event },
  guards: {
    seesPool: ({ event }) => event.type === 'walk_transient' && event.seen,
    seesNone: ({ event }) => event.type === 'walk_transient' && !event.seen,
  },
}).createMachine({
  id: 'pool-lookup',
  initial: 'idle',
  states: {
    idle: { on: { find_pool: 'called' } },
    called: { on: { rcu_read_lock: 'walking' } },
    walking: {
      on: {
        walk_transient: [
          { guard: 'seesPool', target: 'holding' },
          { guard: 'seesNone', target: 'idle' },
        ],
      },
    },
    holding: {
      description: 'It has the address of the transient pool and is about to read it.',
      on: { read_pool: 'passing' },
    },
    passing: {
      description: 'It is about to read the link to the next pool.',
      on: { list_next_rcu: 'idle' },
    },
  },
});

const reader = { actor: 'reader', symbol: '__swiotlb_find_pool' } as const;

export const alphabet = {
  find_pool: { kind: 'stimulus', ...reader, doc: 'A thread on the other CPU looks an address up.' },
  rcu_read_lock: {
    kind: 'observation',
    ...reader,
    doc: 'It enters the read-side section, and passes the lasting pools.',
  },
  walk_transient: {
    kind: 'observation',
    ...reader,
    params: { seen: [true, false] },
    doc: "It reads the device's list of transient pools. If it sees none it leaves the section.",
  },
  read_pool: { kind: 'observation', ...reader, doc: 'It reads start and end of the transient pool.' },
  list_next_rcu: {
    kind: 'observation',
    ...reader,
    doc: 'It reads the link in the transient pool, finds the end of the list, and leaves the section.',
  },
} as const satisfies MachineFile['alphabet'];

export const poolLookup: MachineFile = { name: 'pool-lookup', machine, alphabet };
