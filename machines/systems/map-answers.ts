/** What becomes of a mapping, for systems that only need to know that: the map decision, walked. */
import type { Params } from '../../src/lts/types.ts';
import { Walker } from '../../src/lts/walk.ts';
import { build } from '../build.ts';
import type { SystemFacts } from '../facts.ts';
import type { Replace } from '../machine-file.ts';
import { mapDecision } from '../map-decision.ts';

/**
 * Where a mapping comes to lie: `ram` is the buffer itself, `shared-ram` one that the driver says is shared,
 * `mmio` registers of another device, `pool` a slot, `far-pool` a slot that the device turns out not to reach.
 */
export const PLACES = ['refused', 'ram', 'shared-ram', 'mmio', 'pool', 'far-pool'] as const;
export type Place = (typeof PLACES)[number];

/** What the address that a driver gets says, read as the platform reads it. */
export const RESULTS = ['shared', 'private', 'unencoded', 'iova', 'error'] as const;
export type Result = (typeof RESULTS)[number];

export interface MapAnswer {
  readonly place: Place;
  readonly result: Result;
}

/** A request of the map decision without its classes: those that are not named are the usual ones. */
export type MapQuestion = { readonly attrs: string } & Params;

/**
 * Answers requests as the machines of a series do. There is room in the pool.
 * @param replace another map decision in the place of the machine's own, as in a network
 */
export function mapAnswers(
  patches: ReadonlySet<number>,
  facts: SystemFacts,
  replace: Replace = (file) => file,
): (request: MapQuestion) => MapAnswer {
  const walker = new Walker(build(replace(mapDecision), patches, facts));
  return (request) => {
    const usual = { size: 'fits', memory: 'low', buffer: 'aligned', port: 'internal' };
    const { state, context } = walker.walk({ type: 'dma_map_phys', ...usual, ...request }, (at) =>
      /^(placed|refused)\./.test(at),
    );
    const place = placeOf(state, String(context.says));
    const refused = place === 'refused' || place === 'far-pool';
    return { place, result: refused ? 'error' : resultOf(String(context.says), facts) };
  };
}

function placeOf(state: string, says: string): Place {
  if (state === 'placed.bounced') return 'pool';
  if (state === 'placed.mmio') return 'mmio';
  if (state === 'placed.direct') return says === 'shared' ? 'shared-ram' : 'ram';
  return state === 'refused.slotOutOfReach' ? 'far-pool' : 'refused';
}

/** An untranslated address has the bit clear: where it is set for shared memory, that says private. */
function resultOf(says: string, { encoding }: SystemFacts): Result {
  if (says === 'iova') return 'iova';
  if (encoding === null || says === 'xen') return 'unencoded';
  if (says === 'raw') return encoding === 'shared' ? 'private' : 'shared';
  return says as Result;
}
