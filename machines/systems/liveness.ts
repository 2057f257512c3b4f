/**
 * What liveness properties take for granted: code that has begun goes on, each task apart; grace periods end, workers
 * start, drivers unmap. New requests are never taken for granted.
 */
import type { FairSet, GlobalEvent, ParamValue } from '../../src/lts/types.ts';

/** A task in the middle of a call takes its next step: its observation, or one of the answers that it waits for. */
export function goesOn(actor: string): FairSet {
  return {
    name: `${actor} goes on`,
    event: (event) => event.actor === actor && event.kind !== 'stimulus',
  };
}

/** An event of the world, with these parameters where any are named, happens. */
export function happens(type: string, params: Readonly<Record<string, ParamValue>> = {}): FairSet {
  const values = Object.values(params);
  return {
    name: values.length === 0 ? type : `${type} of ${values.join(', ')}`,
    event: (event) =>
      event.type === type && Object.entries(params).every(([name, value]) => event.params[name] === value),
  };
}

/**
 * The answers that say no: an allocation that finds nothing, a conversion that fails. From some point on there are
 * none of them.
 */
export const saysNo = ({ kind, params }: GlobalEvent): boolean =>
  kind === 'choice' && (params.ok === false || params.ret === 'failed');
