/** The conversion protocols, by the name that a platform's facts give. A new one is a file and a line. */
import type { ConversionProtocol } from '../config.ts';
import { none, pkvm, powerpc, s390 } from './calls.ts';
import { cca } from './cca.ts';
import type { Arch } from './protocol.ts';
import { sev, sme } from './sev.ts';
import { snp } from './snp.ts';
import { tdx } from './tdx.ts';
import { vtom } from './vtom.ts';

/** Protocols by name. */
export const ARCH: Readonly<Record<ConversionProtocol, Arch>> = {
  sev,
  snp,
  tdx,
  vtom,
  cca,
  pkvm,
  s390,
  powerpc,
  sme,
  none,
};
