/** A conversion in a system: which of its events a platform knows, and which of them befall a page range. */
import type { LocalEvent, MachineSpec, SyncRef } from '../../src/lts/types.ts';
import type { Protocol } from '../facts.ts';
import { within } from './sync.ts';

const STEPS: Readonly<Record<Protocol, readonly string[]>> = {
  sev: ['begin', 'range'],
  sme: ['range'],
  snp: ['begin', 'host_call', 'end'],
  tdx: ['begin', 'host_call', 'end'],
  vtom: ['begin', 'host_call', 'end'],
  cca: ['begin', 'host_call', 'end'],
  pkvm: ['host_call'],
  s390: ['host_call'],
  powerpc: ['host_call'],
  none: [],
};

/** Whether a platform that converts by this protocol has the event, with these parameters. */
export function knows(protocol: Protocol, { type, params }: Pick<LocalEvent, 'type' | 'params'>): boolean {
  const [, to, step] = /^(decrypt|encrypt)_(\w+)$/.exec(type) ?? [];
  if (step === undefined) return true;
  if (!STEPS[protocol].includes(step)) return false;
  // To shared, TDX is done when the host has answered; to private, SEV-SNP is.
  if (step === 'end' && to === 'decrypt' && protocol === 'tdx') return false;
  if (step === 'end' && to === 'encrypt' && protocol === 'snp') return false;
  if (step !== 'end' || params.ok !== false) return true;
  return protocol === (to === 'decrypt' ? 'snp' : 'tdx');
}

/** The machine `conversion`, cut to what these callers meet on a platform. */
export function conversionFor(spec: MachineSpec, protocol: Protocol, by: readonly string[]): MachineSpec {
  return within(spec, { by, range: protocol === 'powerpc' ? ['all'] : [0, 1] });
}

/**
 * What befalls one page range of a buffer: the sync of its conversion events, null where the platform has none.
 * @param rest the parameters that name the buffer
 */
export function rangeSync(
  protocol: Protocol,
  range: 0 | 1,
  rest: Readonly<Record<string, string>>,
  directions: readonly ('decrypt' | 'encrypt')[] = ['decrypt', 'encrypt'],
): Record<string, SyncRef | null> {
  const entries = (['decrypt', 'encrypt'] as const).flatMap((to) =>
    ['begin', 'range', 'host_call', 'end'].map((step): [string, SyncRef | null] => {
      const type = `${to}_${step}`;
      if (!directions.includes(to) || !knows(protocol, { type, params: { ok: true } })) return [type, null];
      const whole = { type, ...rest, ok: true };
      if (step === 'range') return [type, { ...whole, range }];
      if (step === 'host_call') return [type, { ...whole, range: protocol === 'powerpc' ? 'all' : range }];
      return [type, whole];
    }),
  );
  return Object.fromEntries(entries);
}
