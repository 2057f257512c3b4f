/** What happens within one `set_memory_decrypted()` or `set_memory_encrypted()`. */
import { ACTORS, type MachineFile } from './machine-file.ts';

const by = { by: ACTORS };
const ok = { ok: [true, false] };
const range = { range: [0, 1, 'all'] };
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
  decrypt_range: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_decrypted',
    params: { ...by, range: [0, 1], ...ok },
    doc: 'The page table of a range says shared, which is all that it takes (AMD), or cannot be changed (-ENOMEM).',
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
    params: { ...by, ...ok },
    doc: 'The page table says shared and is valid, or cannot be changed (-ENOMEM).',
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
  encrypt_range: {
    kind: 'choice',
    ...caller,
    symbol: 'set_memory_encrypted',
    params: { ...by, range: [0, 1], ...ok },
    doc: 'The page table of a range says private, which is all that it takes (AMD), or cannot be changed (-ENOMEM).',
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
