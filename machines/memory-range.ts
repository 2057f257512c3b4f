/**
 * What the encryption state of one page range is: what its page-table entry says, and what the host does. Where
 * they disagree, or the entry is invalid, nobody who holds it knows. Pages of the page allocator are private.
 *
 * How each platform goes about a conversion is told in `conversion.ts`; this is what becomes of a range. Where
 * there is no entry to change the host alone decides (pKVM, s390, powerpc), where there is no host to ask the
 * entry alone (AMD SEV, SME).
 */
import { setup } from 'xstate';
import type { MachineFile } from './machine-file.ts';

export const machine = setup({
  types: { events: {} as { type: keyof typeof alphabet } },
  guards: {
    /** To shared, the entry changes first (Intel TDX). */
    entryFirst: () => true,
    /** To private, the entry changes first (AMD SEV-SNP). */
    entryFirstToPrivate: () => false,
    /** Entries are invalid meanwhile (Arm CCA, Hyper-V vTOM). */
    entryInvalidMeanwhile: () => false,
    /** No entry says what the page is. */
    hostAlone: () => false,
  },
}).createMachine({
  id: 'memory-range',
  initial: 'private',
  on: { gone: '.private' },
  states: {
    private: {
      on: {
        decrypt_begin: [
          { guard: 'entryFirst', target: 'uncertain.entryShared' },
          { guard: 'entryInvalidMeanwhile', target: 'uncertain.invalid' },
          { target: 'private' },
        ],
        decrypt_range: 'shared',
        decrypt_host_call: [{ guard: 'hostAlone', target: 'shared' }, { target: 'uncertain.hostShared' }],
        encrypt_begin: [
          { guard: 'entryInvalidMeanwhile', target: 'uncertain.invalid' },
          { target: 'private' },
        ],
        encrypt_range: 'private',
        encrypt_host_call: 'private',
        encrypt_end: 'private',
      },
    },
    shared: {
      on: {
        decrypt_begin: [
          { guard: 'entryInvalidMeanwhile', target: 'uncertain.invalidHostShared' },
          { target: 'shared' },
        ],
        decrypt_host_call: 'shared',
        encrypt_begin: [
          { guard: 'entryFirstToPrivate', target: 'uncertain.hostShared' },
          { guard: 'entryInvalidMeanwhile', target: 'uncertain.invalidHostShared' },
          { target: 'shared' },
        ],
        encrypt_range: 'private',
        encrypt_host_call: [{ guard: 'hostAlone', target: 'private' }, { target: 'uncertain.entryShared' }],
      },
    },
    uncertain: {
      initial: 'entryShared',
      states: {
        entryShared: {
          description: 'The entry says shared, the host does not share it.',
          on: {
            decrypt_host_call: '#memory-range.shared',
            encrypt_begin: [
              { guard: 'entryFirstToPrivate', target: '#memory-range.private' },
              { guard: 'entryInvalidMeanwhile', target: 'invalid' },
              { target: 'entryShared' },
            ],
            encrypt_host_call: 'entryShared',
            encrypt_end: '#memory-range.private',
          },
        },
        hostShared: {
          description: 'The host shares it, the entry says private.',
          on: {
            decrypt_end: '#memory-range.shared',
            encrypt_begin: [
              { guard: 'entryInvalidMeanwhile', target: 'invalidHostShared' },
              { target: 'hostShared' },
            ],
            encrypt_host_call: '#memory-range.private',
          },
        },
        invalid: {
          description: 'The entry is invalid, the host does not share it.',
          on: {
            decrypt_host_call: 'invalidHostShared',
            decrypt_end: 'entryShared',
            encrypt_begin: 'invalid',
            encrypt_host_call: 'invalid',
            encrypt_end: '#memory-range.private',
          },
        },
        invalidHostShared: {
          description: 'The entry is invalid, the host shares it.',
          on: {
            decrypt_begin: 'invalidHostShared',
            decrypt_host_call: 'invalidHostShared',
            decrypt_end: '#memory-range.shared',
            encrypt_begin: 'invalidHostShared',
            encrypt_host_call: 'invalid',
            encrypt_end: 'hostShared',
          },
        },
      },
    },
  },
});

const conversion = { kind: 'choice', actor: { param: 'by' } } as const;
export const alphabet = {
  decrypt_begin: { ...conversion, symbol: 'set_memory_decrypted', doc: 'The conversion to shared begins.' },
  decrypt_range: { ...conversion, symbol: 'set_memory_decrypted', doc: 'Its entry says shared.' },
  decrypt_host_call: { ...conversion, symbol: 'set_memory_decrypted', doc: 'The host shares it.' },
  decrypt_end: { ...conversion, symbol: 'set_memory_decrypted', doc: 'Its entry is valid, and says shared.' },
  encrypt_begin: { ...conversion, symbol: 'set_memory_encrypted', doc: 'The conversion to private begins.' },
  encrypt_range: { ...conversion, symbol: 'set_memory_encrypted', doc: 'Its entry says private.' },
  encrypt_host_call: {
    ...conversion,
    symbol: 'set_memory_encrypted',
    doc: 'The host gives it back, and it is accepted.',
  },
  encrypt_end: {
    ...conversion,
    symbol: 'set_memory_encrypted',
    doc: 'Its entry is valid, and says private.',
  },
  gone: {
    kind: 'observation',
    actor: { param: 'by' },
    symbol: '__free_pages',
    doc: 'It is given back, or left alone: the name is free for a page of the page allocator.',
  },
} as const satisfies MachineFile['alphabet'];

export const memoryRange: MachineFile = {
  name: 'memory-range',
  machine,
  alphabet,
  guards: ({ conversion: protocol }) => ({
    entryFirst: () => protocol === 'tdx',
    entryFirstToPrivate: () => protocol === 'snp',
    entryInvalidMeanwhile: () => protocol === 'cca' || protocol === 'vtom',
    hostAlone: () => protocol === 'pkvm' || protocol === 's390' || protocol === 'powerpc',
  }),
};
