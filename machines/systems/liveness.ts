/**
 * What liveness properties take for granted: code that has begun goes on, each task apart; grace periods end, workers
 * start, drivers unmap. New requests are never taken for granted.
 */
import type { FairSet, GlobalEvent, LeadsTo, LocalState, ParamValue } from '../../src/lts/types.ts';
import type { SystemFacts } from '../facts.ts';
import { type GuestLook, NO_END } from './guest.ts';

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

/** A driver that hands its buffer to and fro begins something new each time. */
export const SYNCS = ['dma_sync_single_for_cpu', 'dma_sync_single_for_device'];

/**
 * The answers that say no: an allocation that finds nothing, a conversion that fails. From some point on there are
 * none of them.
 */
export const saysNo = ({ kind, params }: GlobalEvent): boolean =>
  kind === 'choice' && (params.ok === false || params.ret === 'failed' || params.page === 'none');

/** Ordinary memory below 4 GiB can be mapped for the device: as it is, or through a pool of shared memory. */
export function canBeMapped({ confined, mask, encoding, ...rest }: SystemFacts): boolean {
  const { iommu, restricted, swiotlb, poolAnywhere } = rest;
  const direct = !confined && !(mask === 32 && encoding === 'private');
  const pool = restricted || (swiotlb !== 'noforce' && !(mask === 32 && poolAnywhere));
  return iommu || direct || (pool && !(mask === 32 && encoding === 'shared'));
}

/** A request that a system can make, and what becomes of it. */
export interface Request {
  /** Of several kinds of request in one system: which. */
  readonly what?: string;
  readonly doc: string;
  readonly over: readonly string[];
  /** It has been served; or it cannot be, and nobody is to blame. */
  readonly served: (...locals: LocalState[]) => boolean;
  /** The request that is repeated, in process context. */
  readonly wanted: (event: GlobalEvent) => boolean;
  /** The hardware could satisfy it. */
  readonly possible: boolean;
  /** Types of all events by which a task begins something new. */
  readonly requests: readonly string[];
  readonly fair: readonly FairSet[];
  /** Where something can end the guest: how that is seen. */
  readonly guest?: GuestLook;
}

/**
 * `request-is-served`: a request that the hardware could satisfy and that is repeated, from a point after which no
 * allocation or conversion fails, is served. Other requests are finitely many: the kernel keeps no queue, and who takes
 * what there is again and again may always be first.
 */
export function requestIsServed(request: Request): LeadsTo {
  const { what, doc, over, served, wanted, possible, requests, fair, guest = NO_END } = request;
  return {
    kind: 'leads-to',
    name: what === undefined ? 'request-is-served' : `request-is-served (${what})`,
    doc: `${doc} that is repeated is served, from a point after which no allocation or conversion fails.`,
    over: [...over, ...guest.over],
    from: () => true,
    to: (...locals) => served(...locals.slice(0, over.length)) || guest.ended(locals.slice(over.length)),
    fair,
    onlyOnStem: (event) => saysNo(event) || (requests.includes(event.type) && !wanted(event)),
    recurring: (event) => possible && wanted(event),
  };
}
