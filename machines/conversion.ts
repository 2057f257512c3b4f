/**
 * One buffer of two page ranges under `set_memory_decrypted()` or `set_memory_encrypted()`: the call, the answers
 * of the platform, the return. A failing answer ends it where it stands; nothing is undone.
 *
 * - sev, sme: the page table, range by range; it can stop between them for want of memory
 *   (arch/x86/mm/pat/set_memory.c, __set_memory_enc_pgtable). There is no host to ask that could refuse.
 * - snp: to shared the page state with the host first, the page table last; to private the page table first, then
 *   page state and validation. A refused page state ends the guest (arch/x86/coco/sev/core.c).
 * - tdx: to shared the page table first and the host last; to private the host first and the page table last,
 *   which may fail for want of memory (arch/x86/coco/tdx/tdx.c, arch/x86/mm/pat/set_memory.c).
 * - vtom: entries not present with the new encoding, the host, entries present again in any case
 *   (arch/x86/hyperv/ivm.c, hv_vtom_clear_present, hv_vtom_set_host_visibility).
 * - cca: entries invalid with the new bit, the host, entries valid, which needs no memory any more; after a
 *   failing call they stay invalid (arch/arm64/mm/pageattr.c).
 * - pkvm, s390: a call for each page and nothing else; on s390 a failing call is a panic
 *   (drivers/virt/coco/pkvm-guest/arm-pkvm-guest.c; arch/s390/mm/init.c, arch/s390/include/asm/uv.h).
 * - powerpc: one call for all pages, whose result nobody looks at (arch/powerpc/platforms/pseries/svm.c).
 * - no encryption: nothing happens, and that succeeds.
 */
import { and, assign, setup } from 'xstate';
import { alphabet } from './conversion.alphabet.ts';
import type { Actor, MachineFile } from './machine-file.ts';

type Event =
  | { type: 'set_memory_decrypted' | 'set_memory_encrypted'; by: Actor }
  | { type: 'decrypt_begin' | 'decrypt_end' | 'encrypt_begin' | 'encrypt_end'; by: Actor; ok: boolean }
  | { type: 'decrypt_range' | 'encrypt_range'; by: Actor; ok: boolean; range: 0 | 1 }
  | { type: 'decrypt_host_call' | 'encrypt_host_call'; by: Actor; ok: boolean; range: 0 | 1 | 'all' }
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
    forAll: ({ context, event }) => 'range' in event && event.by === context.by && event.range === 'all',
    /** Nothing is encrypted there: the call does nothing. */
    nothingToDo: () => false,
    /** The page table is not touched, nothing is locked: calls to the host are all there is (pKVM, s390). */
    callsOnly: () => false,
    /** One call for the whole buffer, its result ignored (powerpc). */
    oneCall: () => false,
    /** Nobody ever stops conversions, as for the kexec of a guest: the first step is the page table (AMD SME). */
    neverBusy: () => false,
    /** The page table is all there is (AMD SEV, SME). */
    pageTableOnly: () => false,
    /** A call that fails ends the guest (AMD SEV-SNP, s390). */
    failureEndsGuest: () => false,
    /** Entries are made present again also after an error (Hyper-V vTOM). */
    presentInAnyCase: () => false,
    /** To shared, the host comes last: its answer for the last range ends the conversion (TDX, pKVM, s390). */
    hostComesLast: () => true,
    /** To private, the host comes last (SEV-SNP, pKVM, s390). */
    hostEndsPrivate: () => false,
    /** To shared, the page table comes last, and changing it may need memory (SEV-SNP). */
    sharedEndMayFail: () => false,
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
        set_memory_decrypted: [
          { guard: 'nothingToDo', target: 'decrypting.done', actions: 'callIt' },
          { guard: 'callsOnly', target: 'decrypting.first', actions: 'callIt' },
          { guard: 'oneCall', target: 'decrypting.whole', actions: 'callIt' },
          { guard: 'neverBusy', target: 'decrypting.firstRange', actions: 'callIt' },
          { target: 'decrypting', actions: 'callIt' },
        ],
        set_memory_encrypted: [
          { guard: 'nothingToDo', target: 'encrypting.done', actions: 'callIt' },
          { guard: 'callsOnly', target: 'encrypting.first', actions: 'callIt' },
          { guard: 'oneCall', target: 'encrypting.whole', actions: 'callIt' },
          { guard: 'neverBusy', target: 'encrypting.firstRange', actions: 'callIt' },
          { target: 'encrypting', actions: 'callIt' },
        ],
      },
    },
    decrypting: {
      initial: 'begin',
      states: {
        begin: {
          on: {
            decrypt_begin: [
              { guard: and(['ok', 'pageTableOnly']), target: 'firstRange' },
              { guard: 'ok', target: 'first' },
              { guard: 'fails', target: 'failed' },
            ],
          },
        },
        firstRange: {
          on: {
            decrypt_range: [
              { guard: 'okFirst', target: 'secondRange' },
              { guard: 'failsFirst', target: 'failed' },
            ],
          },
        },
        secondRange: {
          on: {
            decrypt_range: [
              { guard: 'okSecond', target: 'done' },
              { guard: 'failsSecond', target: 'failed' },
            ],
          },
        },
        first: {
          on: {
            decrypt_host_call: [
              { guard: 'okFirst', target: 'second' },
              { guard: and(['failsFirst', 'failureEndsGuest']), target: '#conversion.guestEnded' },
              { guard: and(['failsFirst', 'presentInAnyCase']), target: 'endAfterError' },
              { guard: 'failsFirst', target: 'failed' },
            ],
          },
        },
        second: {
          on: {
            decrypt_host_call: [
              { guard: and(['okSecond', 'hostComesLast']), target: 'done' },
              { guard: 'okSecond', target: 'end' },
              { guard: and(['failsSecond', 'failureEndsGuest']), target: '#conversion.guestEnded' },
              { guard: and(['failsSecond', 'presentInAnyCase']), target: 'endAfterError' },
              { guard: 'failsSecond', target: 'failed' },
            ],
          },
        },
        whole: {
          description: 'Whatever the answer is.',
          on: { decrypt_host_call: { guard: 'forAll', target: 'done' } },
        },
        end: {
          on: {
            decrypt_end: [
              { guard: 'ok', target: 'done' },
              { guard: and(['fails', 'sharedEndMayFail']), target: 'failed' },
            ],
          },
        },
        endAfterError: { on: { decrypt_end: { guard: 'ok', target: 'failed' } } },
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
              { guard: and(['ok', 'pageTableOnly']), target: 'firstRange' },
              { guard: 'ok', target: 'first' },
              { guard: 'fails', target: 'failed' },
            ],
          },
        },
        firstRange: {
          on: {
            encrypt_range: [
              { guard: 'okFirst', target: 'secondRange' },
              { guard: 'failsFirst', target: 'failed' },
            ],
          },
        },
        secondRange: {
          on: {
            encrypt_range: [
              { guard: 'okSecond', target: 'done' },
              { guard: 'failsSecond', target: 'failed' },
            ],
          },
        },
        first: {
          on: {
            encrypt_host_call: [
              { guard: 'okFirst', target: 'second' },
              { guard: and(['failsFirst', 'failureEndsGuest']), target: '#conversion.guestEnded' },
              { guard: and(['failsFirst', 'presentInAnyCase']), target: 'endAfterError' },
              { guard: 'failsFirst', target: 'failed' },
            ],
          },
        },
        second: {
          on: {
            encrypt_host_call: [
              { guard: and(['okSecond', 'hostEndsPrivate']), target: 'done' },
              { guard: 'okSecond', target: 'end' },
              { guard: and(['failsSecond', 'failureEndsGuest']), target: '#conversion.guestEnded' },
              { guard: and(['failsSecond', 'presentInAnyCase']), target: 'endAfterError' },
              { guard: 'failsSecond', target: 'failed' },
            ],
          },
        },
        whole: {
          description: 'Whatever the answer is.',
          on: { encrypt_host_call: { guard: 'forAll', target: 'done' } },
        },
        end: {
          on: {
            encrypt_end: [
              { guard: 'ok', target: 'done' },
              { guard: and(['fails', 'endMayFail']), target: 'failed' },
            ],
          },
        },
        endAfterError: { on: { encrypt_end: { guard: 'ok', target: 'failed' } } },
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
    guestEnded: {
      type: 'final',
      description: 'The host refused a page state, or the kernel panicked: nothing runs any more.',
    },
  },
});

export { alphabet };

export const conversion: MachineFile = {
  name: 'conversion',
  machine,
  alphabet,
  guards: ({ conversion: protocol }) => ({
    nothingToDo: () => protocol === 'none',
    callsOnly: () => protocol === 'pkvm' || protocol === 's390',
    oneCall: () => protocol === 'powerpc',
    neverBusy: () => protocol === 'sme',
    pageTableOnly: () => protocol === 'sev' || protocol === 'sme',
    failureEndsGuest: () => protocol === 'snp' || protocol === 's390',
    presentInAnyCase: () => protocol === 'vtom',
    hostComesLast: () => protocol === 'tdx' || protocol === 'pkvm' || protocol === 's390',
    hostEndsPrivate: () => protocol === 'snp' || protocol === 'pkvm' || protocol === 's390',
    sharedEndMayFail: () => protocol === 'snp',
    endMayFail: () => protocol === 'tdx',
  }),
};
