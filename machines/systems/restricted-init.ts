/**
 * The making of a restricted pool: two devices name one region and are probed, released and probed again, one
 * after the other or at the same time (asynchronous probing), with every failure.
 */
import type { InstanceDef, NetworkDef } from '../../src/lts/types.ts';
import { build } from '../build.ts';
import { conversion } from '../conversion.ts';
import type { SystemFacts } from '../facts.ts';
import type { Actor, MachineFile, Replace } from '../machine-file.ts';
import { page } from '../page.ts';
import { reservedRegion } from '../reserved-region.ts';
import { restrictedProbe } from '../restricted-probe.ts';
import { conversionFor, knows, rangeSync } from './conversion-events.ts';
import { only, own, startingIn } from './sync.ts';

export const FILES: readonly MachineFile[] = [restrictedProbe, reservedRegion, conversion, page];
/** The two devices, by the task that probes them. */
export const PROBES = ['probe0', 'probe1'] as const;

export function restrictedInit(
  patches: ReadonlySet<number>,
  given: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const make = (file: MachineFile) => build(replace(file), patches, { ...given, spareBlocks: false });

  /** Where there is no region nothing is converted. */
  const steps = given.restricted ? given.conversion : 'none';

  const probe = (by: Actor): InstanceDef => ({ name: by, spec: make(restrictedProbe), index: { by } });

  const region = (): InstanceDef => ({
    name: 'region',
    spec: make(reservedRegion),
    sync: {
      probe: { type: 'rmem_swiotlb_device_init' },
      read_priv: (event) => ({ type: 'read_priv', set: event.params.set === true }),
      write_priv: { type: 'write_priv' },
    },
  });

  const conversions = (by: Actor): InstanceDef => {
    const spec = conversionFor(make(conversion), steps, [by]);
    return {
      name: `conversion[${by}]`,
      spec,
      sync: Object.fromEntries(
        Object.keys(spec.alphabet).map((type) => [
          type,
          /decrypt/.test(type) ? own({}, (event) => knows(steps, event)) : null,
        ]),
      ),
    };
  };

  const pages = (range: 0 | 1): InstanceDef => {
    // The region was set apart before the first probe.
    const spec = startingIn('swiotlb', make(page));
    return {
      name: `page[${range}]`,
      spec,
      sync: only(spec, {
        ...rangeSync(steps, range, {}, ['decrypt']),
      }),
    };
  };

  return {
    name: 'restricted-init',
    instances: [...PROBES.map(probe), region(), ...PROBES.map(conversions), pages(0), pages(1)],
  };
}
