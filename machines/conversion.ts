/**
 * One buffer under `set_memory_decrypted()` or `set_memory_encrypted()`: the call, the answers of the
 * platform, the return. A failing answer ends it where it stands; nothing is undone.
 *
 * tdx (arch/x86/coco/tdx/tdx.c, arch/x86/mm/pat/set_memory.c): to shared the page table changes first and
 * the host call of the last range ends it; to private the host comes first and the page table last (which may
 * fail for want of memory). cca (arch/arm64/mm/pageattr.c): entries are made invalid, the host is called,
 * entries are made valid again, which needs no memory any more.
 */
import { and, assign, setup } from 'xstate';
import { ACTORS, type Actor, type MachineFile } from './machine-file.ts';

type Event =
  | { type: 'set_memory_decrypted' | 'set_memory_encrypted'; by: Actor }
  | { type: 'decrypt_begin' | 'decrypt_end' | 'encrypt_begin' | 'encrypt_end'; by: Actor; ok: boolean }
  | { type: 'decrypt_host_call' | 'encrypt_host_call'; by: Actor; ok: boolean; range: 0 | 1 }
  | { type: 'set_memory_decrypted_ret' | 'set_memory_encrypted_ret'; by: Actor; ret: 'ok' | 'failed' };

export const machine = setup({
  types: { context: {} as { by: Actor | 'nobody' }, events: {} as Event },
  guards: {
    ok: ({ context, event }) => 'ok' in event && event.by === context.by && event.ok,
    fails: ({ context, event }) => 'ok' in event && event.by === context.by && !event.ok,
    okFirst: ({ context, event }) =>
      'range' in event && event.by === context.by && event.range === 0 && event.ok,
    okSecond: ({ context, event }) =>
      'range' in event && event.by === context.by && event.range === 1 && event.ok,
    failsFirst: ({ context, event }) =>
      'range' in event && event.by === context.by && event.range === 0 && !event.ok,
    failsSecond: ({ context, event }) =>
      'range' in event && event.by === context.by && event.range === 1 && !event.ok,
    /** To shared, the host comes last: its answer for the last range ends the conversion (Intel TDX). */
    hostComesLast: () => true,
    /** To private, the page table comes last, and changing it may need memory (Intel TDX). */
    endMayFail: () => true,
    returnsOk: ({ context, event }) => 'ret' in event && event.by === context.by && event.ret === 'ok',
    returnsFailed: ({ context, event }) =>
      'ret' in event && event.by === context.by && event.ret === 'failed',
  },
  actions: {
    callIt: assign({ by: ({ event }) => event.by }),
    forget: assign({ by: 'nobody' }),
  },
}).createMachine({
  id: 'conversion',
  context: { by: 'nobody' },
  initial: 'idle',
  states: {
    idle: {
      on: {
        set_memory_decrypted: { target: 'decrypting', actions: 'callIt' },
        set_memory_encrypted: { target: 'encrypting', actions: 'callIt' },
      },
    },
    decrypting: {
      initial: 'begin',
      states: {
        begin: {
          on: {
            decrypt_begin: [
              { guard: 'ok', target: 'first' },
              { guard: 'fails', target: 'failed' },
            ],
          },
        },
        first: {
          on: {
            decrypt_host_call: [
              { guard: 'okFirst', target: 'second' },
              { guard: 'failsFirst', target: 'failed' },
            ],
          },
        },
        second: {
          on: {
            decrypt_host_call: [
              { guard: and(['okSecond', 'hostComesLast']), target: 'done' },
              { guard: 'okSecond', target: 'end' },
              { guard: 'failsSecond', target: 'failed' },
            ],
          },
        },
        end: { on: { decrypt_end: { guard: 'ok', target: 'done' } } },
        done: {
          on: {
            set_memory_decrypted_ret: { guard: 'returnsOk', target: '#conversion.idle', actions: 'forget' },
          },
        },
        failed: {
          on: {
            set_memory_decrypted_ret: {
              guard: 'returnsFailed',
              target: '#conversion.idle',
              actions: 'forget',
            },
          },
        },
      },
    },
    encrypting: {
      initial: 'begin',
      states: {
        begin: {
          on: {
            encrypt_begin: [
              { guard: 'ok', target: 'first' },
              { guard: 'fails', target: 'failed' },
            ],
          },
        },
        first: {
          on: {
            encrypt_host_call: [
              { guard: 'okFirst', target: 'second' },
              { guard: 'failsFirst', target: 'failed' },
            ],
          },
        },
        second: {
          on: {
            encrypt_host_call: [
              { guard: 'okSecond', target: 'end' },
              { guard: 'failsSecond', target: 'failed' },
            ],
          },
        },
        end: {
          on: {
            encrypt_end: [
              { guard: 'ok', target: 'done' },
              { guard: and(['fails', 'endMayFail']), target: 'failed' },
            ],
          },
        },
        done: {
          on: {
            set_memory_encrypted_ret: { guard: 'returnsOk', target: '#conversion.idle', actions: 'forget' },
          },
        },
        failed: {
          on: {
            set_memory_encrypted_ret: {
              guard: 'returnsFailed',
              target: '#conversion.idle',
              actions: 'forget',
            },
          },
        },
      },
    },
  },
});

const by = { by: ACTORS };
const ok = { ok: [true, false] };
const range = { range: [0, 1] };
const ret = { ret: ['ok', 'failed'] };
const caller = { actor: { param: 'by' } } as const;

export const alphabet = {
  set_memory_decrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { ...by },
    doc: 'The conversion to shared is called. It may sleep.',
  },
  decrypt_begin: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { ...by, ...ok },
    doc: 'The page table of the whole buffer is changed, or cannot be (-EBUSY, -ENOMEM) and nothing is.',
  },
  decrypt_host_call: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { ...by, ...range, ...ok },
    doc: 'The host shares a range, or refuses.',
  },
  decrypt_end: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { ...by, ok: [true] },
    doc: 'The entries are made valid again.',
  },
  set_memory_decrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { ...by, ...ret },
    doc: 'The conversion to shared returns.',
  },
  set_memory_encrypted: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { ...by },
    doc: 'The conversion to private is called. It may sleep.',
  },
  encrypt_begin: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { ...by, ...ok },
    doc: 'The conversion begins, or cannot (-EBUSY, -ENOMEM) and nothing is changed.',
  },
  encrypt_host_call: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { ...by, ...range, ...ok },
    doc: 'The host gives a range back and it is accepted, or not.',
  },
  encrypt_end: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { ...by, ...ok },
    doc: 'The page table is changed to private and valid, or cannot be (-ENOMEM).',
  },
  set_memory_encrypted_ret: {
    kind: 'observation',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { ...by, ...ret },
    doc: 'The conversion to private returns.',
  },
} as const satisfies MachineFile['alphabet'];

export const conversion: MachineFile = {
  name: 'conversion',
  machine,
  alphabet,
  guards: (facts) => ({
    hostComesLast: () => facts.conversion === 'tdx',
    endMayFail: () => facts.conversion === 'tdx',
  }),
};
