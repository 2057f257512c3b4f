/** The conversion protocols, by the name that a platform's facts give. A new one is a file and a line. */
import { cca } from './cca.ts';
import type { Arch } from './protocol.ts';
import { tdx } from './tdx.ts';

/** Protocols by name. */
export const ARCH: Readonly<Record<'tdx' | 'cca', Arch>> = { tdx, cca };
