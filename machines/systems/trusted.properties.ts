/** What must hold in `trusted`. */

import { matchesState, type StateValue } from 'xstate';
import { valueText } from '../../src/lts/state-text.ts';
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';
import { addressable, factsWith, type SystemFacts } from '../facts.ts';
import { dataArrives } from './data-arrives.ts';
import { guestEnded, guestIs, NO_END } from './guest.ts';
import { canBeMapped, goesOn, happens, requestIsServed, SYNCS } from './liveness.ts';
import { after, before, canBeAccepted, trustAnswers, trustRequests } from './trusted.ts';

const isIn = (state: LocalState, path: string) => matchesState(path, state.value as StateValue);
const RANGES = ['range[A0]', 'range[A1]'];
const allShared = (ranges: readonly LocalState[]) => ranges.every((range) => isIn(range, 'shared'));
const allPrivate = (ranges: readonly LocalState[]) => ranges.every((range) => isIn(range, 'private'));
const alloc = (driver: LocalState) =>
  driver.context as { readonly shared: boolean; readonly trusted: boolean };
const ofMapping = (other: LocalState) => other.context as { readonly place: string };
const type =
  (...types: string[]) =>
  (event: GlobalEvent) =>
    types.includes(event.type);

export function trustedProperties(patches: ReadonlySet<number>, facts: SystemFacts): Property[] {
  const given = before(facts);
  const built = factsWith(patches, given);
  const { forced, sharedPools, convertible, confined, encoding } = built;
  const accepts = canBeAccepted(facts);
  const answerTo = trustAnswers(patches, facts);
  const answers = trustRequests(facts).map(answerTo);
  // What it gets before it is accepted.
  const maps = trustRequests(facts).some(
    (request) => request.device === 'untrusted' && answerTo(request).result !== 'error',
  );
  const allocates = addressable(built);
  const getsAny =
    allocates ||
    (accepts && addressable(built, false)) ||
    answers.some(({ result }) => result === 'shared' || result === 'private');
  const bounces = answers.some(({ place }) => place === 'pool');
  const poolIsShared = sharedPools && convertible;
  const witness = (
    of: string,
    doc: string,
    expected: boolean,
    rest: Pick<Possible, 'event' | 'over' | 'when'>,
  ): Possible => ({ kind: 'possible', name: `${of}: ${doc}`, witnesses: of, doc, expected, ...rest });
  /** The device reaches shared memory only: it is confined, and has not been accepted. */
  const isConfined = (driver: LocalState) => confined && !alloc(driver).trusted;
  const mappedIsShared = (other: LocalState) =>
    ofMapping(other).place === 'pool' ? poolIsShared : ofMapping(other).place === 'shared-ram';
  const got = ({ params }: GlobalEvent) => params.result !== 'error';
  const isBeyondMask = ({ params }: GlobalEvent) =>
    (params.result === 'shared' || params.result === 'private') &&
    !addressable(built, params.result === 'shared');

  // What the mask can hold, accepted or not.
  const canBeServed = allocates && (!accepts || addressable(built, false));
  const request = {
    requests: ['dma_alloc_attrs', 'dma_map_phys', ...SYNCS],
    fair: [goesOn('driver'), goesOn('other'), happens('dma_free_attrs'), happens('dma_unmap_phys')],
    guest: forced ? guestIs(given) : NO_END,
  };

  return [
    {
      kind: 'forbidden',
      name: 'free-private',
      doc: 'A page that goes back to the page allocator is private.',
      event: type('free_pages'),
      over: RANGES,
      site: () => 'dma_direct_free',
      when: (_event, ...ranges) => !allPrivate(ranges),
      because: (_event, ...ranges) =>
        `freed while ${ranges.map((range) => valueText(range.value)).join(' and ')}`,
    },
    witness('free-private', 'pages are freed', true, { event: type('free_pages') }),
    {
      kind: 'forbidden',
      name: 'free-undoes-alloc',
      doc: 'What the allocation made shared, the free makes private.',
      event: type('free_pages'),
      over: ['driver'],
      site: () => 'dma_direct_free',
      when: (_event, driver) => alloc(driver).shared && isIn(driver, 'freeing'),
      because: () => 'the memory was made shared for the allocation, and the free does not make it private',
    },
    witness('free-undoes-alloc', 'memory that was made shared is made private', forced && allocates, {
      event: ({ type: is, params }) => is === 'set_memory_encrypted_ret' && params.ret === 'ok',
    }),
    {
      kind: 'forbidden',
      name: 'device-can-reach',
      doc: 'A device that reaches shared memory only gets no other, and no address that says private. No device gets an address that its mask does not hold.',
      event: (event) =>
        (type('dma_alloc_attrs_ret', 'dma_map_phys_ret')(event) && got(event)) ||
        type('device_read', 'device_write')(event),
      over: ['driver', 'other', ...RANGES],
      when: (event, driver, other, ...ranges) => {
        if (isBeyondMask(event)) return true;
        if (!isConfined(driver)) return false;
        if (event.params.result === 'private') return true;
        const ofAllocation = event.type === 'dma_alloc_attrs_ret' || event.params.map === 'A';
        return ofAllocation ? !allShared(ranges) : !mappedIsShared(other);
      },
      because: (event) => {
        if (isBeyondMask(event)) return 'the mask of the device does not hold the address';
        return event.params.result === 'private'
          ? 'the address says private'
          : 'the host does not share the memory';
      },
    },
    witness('device-can-reach', 'a confined device has memory', confined && (allocates || maps), {
      event: (event) => type('dma_alloc_attrs_ret', 'dma_map_phys_ret')(event) && got(event),
      over: ['driver'],
      when: isConfined,
    }),
    {
      kind: 'forbidden',
      name: 'address-matches-memory',
      doc: 'What an address says of the memory that it names is so.',
      event: ({ params }) => params.result === 'shared' || params.result === 'private',
      over: ['other', ...RANGES],
      when: (event, other, ...ranges) => {
        const isShared = event.params.result === 'shared';
        if (event.type === 'dma_map_phys_ret') return isShared !== mappedIsShared(other);
        return isShared ? !allShared(ranges) : !allPrivate(ranges);
      },
      because: ({ params }) => `the address says ${String(params.result)}, and the memory is not`,
    },
    witness('address-matches-memory', 'an address says what the memory is', encoding !== null && getsAny, {
      event: ({ params }) => params.result === 'shared' || params.result === 'private',
    }),
    {
      kind: 'forbidden',
      name: 'no-exposure',
      doc: 'Only memory that was asked for as shared is made shared.',
      event: type('set_memory_decrypted'),
      over: ['driver', ...RANGES],
      when: (_event, driver, ...ranges) => !alloc(driver).shared || !allPrivate(ranges),
      because: () => 'it was not taken from the page allocator to be shared',
    },
    witness('no-exposure', 'memory is made shared', forced && (allocates || (accepts && patches.has(12))), {
      event: type('set_memory_decrypted'),
    }),
    ...(accepts
      ? [
          witness('free-undoes-alloc', 'the device is accepted while it has memory', allocates, {
            event: type('accept'),
            over: ['driver'],
            when: (driver) => isIn(driver, 'held'),
          }),
        ]
      : []),
    ...(bounces ? dataArrives({ B: 'other' }, true) : []),
    ...(bounces
      ? [
          witness('data-arrives', 'a slot is given back after the device was accepted', accepts, {
            event: type('swiotlb_release_slots'),
            over: ['driver'],
            when: (driver) => alloc(driver).trusted,
          }),
        ]
      : []),
    requestIsServed({
      ...request,
      possible: canBeServed,
      what: 'allocation',
      doc: 'A coherent allocation',
      over: ['driver'],
      served: (driver) => isIn(driver, 'held'),
      wanted: type('dma_alloc_attrs'),
    }),
    witness(
      'request-is-served (allocation)',
      'an allocation is served',
      allocates || (accepts && addressable(built, false)),
      {
        over: ['driver'],
        when: (driver) => isIn(driver, 'held'),
      },
    ),
    requestIsServed({
      ...request,
      what: 'mapping',
      doc: 'A mapping of ordinary memory',
      possible: canBeMapped(given) && (!accepts || canBeMapped(after(facts))),
      over: ['other'],
      served: (other) => isIn(other, 'mapped'),
      wanted: (event) => type('dma_map_phys')(event) && event.params.attrs === 'none',
    }),
    witness('request-is-served (mapping)', 'a mapping is served', maps, {
      over: ['other'],
      when: (other) => isIn(other, 'mapped'),
    }),
    {
      kind: 'deadlock',
      name: 'deadlock-free',
      doc: 'There is always a next step.',
      ...(forced ? guestEnded(given) : {}),
    },
  ];
}
