/** The end of the guest in a system: one instance that takes part in every event, where a conversion can end it. */
import type { InstanceDef, LocalState, MachineSpec } from '../../src/lts/types.ts';
import { conversionMayEndGuest, type SystemFacts } from '../facts.ts';

/** The answers that end it. */
const REFUSED = ['decrypt_host_call', 'encrypt_host_call'];
const ends = ({ type, params }: { type: string; params: Readonly<Record<string, unknown>> }) =>
  REFUSED.includes(type) && params.ok === false;

/** The instance `guest`, of a machine built from `machines/guest.ts`; none where no conversion ends the guest. */
export function guestInstance(facts: SystemFacts, spec: MachineSpec): InstanceDef[] {
  if (!conversionMayEndGuest(facts)) return [];
  return [{ name: 'guest', spec, sync: { any_step: () => (event) => !ends(event), guest_ends: () => ends } }];
}

/** Where no step is no deadlock: the guest has ended. To be given to a `deadlock` property as its `final`. */
export function guestEnded(facts: SystemFacts) {
  if (!conversionMayEndGuest(facts)) return {};
  return { final: { over: ['guest'], is: (guest: LocalState) => guest.final } };
}

/** For other predicates: the instances to look at, and from those whether the guest has ended. */
export interface GuestLook {
  readonly over: readonly string[];
  readonly ended: (locals: readonly LocalState[]) => boolean;
}

/** Nothing can end it. */
export const NO_END: GuestLook = { over: [], ended: () => false };

/** How the end of the guest is seen, in a system that has an instance for it wherever there can be one. */
export function guestIs(facts: SystemFacts): GuestLook {
  if (!conversionMayEndGuest(facts)) return NO_END;
  return { over: ['guest'], ended: ([guest]) => guest?.final === true };
}
