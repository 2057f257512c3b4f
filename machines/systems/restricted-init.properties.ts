/** What must hold in `restricted-init`: the safety properties of the domain that live there, each with a witness. */
import type { LocalState, Possible, Property } from '../../src/lts/types.ts';
import { factsWith, type SystemFacts } from '../facts.ts';
import { anyOf, contextOf, isIn, isPrivate, isShared, pagesText, typed } from './look.ts';
import { PROBES } from './restricted-init.ts';

const PAGES = ['page[0]', 'page[1]'];

export function restrictedInitProperties(patches: ReadonlySet<number>, given: SystemFacts): Property[] {
  const facts = factsWith(patches, given);
  const made = facts.restricted;
  const site = () => 'rmem_swiotlb_device_init';
  const witness = (
    of: string,
    doc: string,
    rest: Omit<Possible, 'kind' | 'name' | 'witnesses' | 'doc' | 'expected'>,
    expected: boolean,
  ): Possible => ({
    kind: 'possible',
    name: `${of}: ${doc}`,
    witnesses: of,
    doc,
    expected,
    ...rest,
  });
  const intended = facts.sharedPools && facts.convertible ? isShared : isPrivate;
  const managed = (region: LocalState) => anyOf(region, 'managed', 'managedTwice');

  return [
    {
      kind: 'invariant',
      name: 'pool-tells-the-truth',
      doc: 'What the restricted pool records is the state of each page of the region.',
      over: ['region', ...PAGES],
      site,
      holds: (region, ...pages) => {
        const { record } = contextOf(region);
        if (!managed(region) || record === 'none') return true;
        return pages.every(record === 'shared' ? isShared : isPrivate)
          ? true
          : `the pool says ${String(record)}, and the pages are ${pagesText(pages)}`;
      },
    },
    witness(
      'pool-tells-the-truth',
      'a pool records its state',
      { over: ['region'], when: (region) => managed(region) && contextOf(region).record !== 'none' },
      made && patches.has(7),
    ),

    {
      kind: 'forbidden',
      name: 'device-can-reach',
      doc: 'A device is given no pool whose memory it cannot reach, or that is not what it is taken for.',
      event: (event) => event.type === 'rmem_swiotlb_device_init_ret' && event.params.ret === 'ok',
      over: PAGES,
      when: (_event, ...pages) =>
        !pages.every(intended) || (facts.confined && facts.forced && !pages.every(isShared)),
      because: (_event, ...pages) => `the pages are ${pagesText(pages)}`,
    },
    witness(
      'device-can-reach',
      'a second device shares the pool',
      { over: [...PROBES], when: (one, other) => isIn(one, 'bound') && isIn(other, 'bound') },
      made,
    ),

    {
      kind: 'invariant',
      name: 'one-owner',
      doc: 'One `io_tlb_mem` manages the region.',
      over: ['region'],
      site,
      holds: (region) => (isIn(region, 'managedTwice') ? 'two pools hand out the slots of one region' : true),
    },
    witness('one-owner', 'the region has a pool', { over: ['region'], when: managed }, made),

    {
      kind: 'forbidden',
      name: 'no-exposure',
      doc: 'Only memory that was set apart for it is made shared.',
      event: typed('set_memory_decrypted'),
      over: PAGES,
      when: (_event, ...pages) => !pages.every((page) => isIn(page, 'swiotlb')),
      because: (_event, ...pages) => `converted while ${pagesText(pages)}`,
    },
    witness(
      'no-exposure',
      'the region is made shared',
      { event: typed('set_memory_decrypted') },
      made && facts.sharedPools,
    ),

    // Where no device has a restricted pool there is nothing to do.
    ...(made
      ? [{ kind: 'deadlock', name: 'deadlock-free', doc: 'There is always a next step.' } as const]
      : []),
  ];
}
