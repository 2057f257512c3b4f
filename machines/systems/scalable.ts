/**
 * Any number of mappers in any number of pools, for measurement: the number of states is a matter of two numbers.
 * No platform, option or patch makes a difference.
 */
import type { InstanceDef, LocalState, NetworkDef, Possible, Property } from '../../src/lts/types.ts';
import { build } from '../build.ts';
import type { SystemFacts } from '../facts.ts';
import type { MachineFile, Replace } from '../machine-file.ts';
import { scaledMapping } from '../scaled-mapping.ts';
import { scaledPool } from '../scaled-pool.ts';
import { only, own } from './sync.ts';

export interface Size {
  readonly pools: number;
  readonly mappings: number;
}

/** What the system is made of when nothing else is said: some ten thousand states. */
export const DEFAULT_SIZE: Size = { pools: 2, mappings: 4 };

/** Sizes for measurement, by the power of ten that their number of states is near to. */
export const MEASURED: Readonly<Record<'1e5' | '1e6' | '1e7', Size>> = {
  '1e5': { pools: 3, mappings: 4 },
  '1e6': { pools: 2, mappings: 5 },
  '1e7': { pools: 4, mappings: 5 },
};

/** Slots of a pool: so few that every pool is needed, and that a mapper may find no room at all. */
const slotsOf = ({ pools, mappings }: Size): number => Math.max(1, Math.floor((mappings - 1) / pools));

export const scalableFiles = ({ pools }: Size = DEFAULT_SIZE): readonly MachineFile[] => [
  scaledMapping(pools),
  scaledPool,
];

/** The network of a size. */
export function scaled(
  size: Size,
  patches: ReadonlySet<number>,
  facts: SystemFacts,
  replace: Replace = (file) => file,
): NetworkDef {
  const make = (file: MachineFile) => build(replace(file), patches, facts);
  const mapping = (m: number): InstanceDef => {
    const by = `mapper${m}`;
    const spec = { ...make(scaledMapping(size.pools)), input: { pools: size.pools } };
    return {
      name: by,
      spec,
      sync: Object.fromEntries(Object.keys(spec.alphabet).map((type) => [type, own({ by })])),
    };
  };
  const pool = (p: number): InstanceDef => {
    const spec = { ...make(scaledPool), input: { slots: slotsOf(size) } };
    return {
      name: `pool[${p}]`,
      spec,
      sync: only(spec, {
        taken: { type: 'swiotlb_search_pool_area', pool: p, found: true },
        missed: { type: 'swiotlb_search_pool_area', pool: p, found: false },
        released: { type: 'swiotlb_release_slots', pool: p },
      }),
    };
  };
  return {
    name: 'scalable',
    instances: [
      ...Array.from({ length: size.mappings }, (_, m) => mapping(m)),
      ...Array.from({ length: size.pools }, (_, p) => pool(p)),
    ],
  };
}

/** What must hold in a network of a size. */
export function scaledProperties({ pools, mappings }: Size): Property[] {
  const witness = (of: string, doc: string, rest: Pick<Possible, 'event' | 'over' | 'when'>): Possible => ({
    kind: 'possible',
    name: `${of}: ${doc}`,
    witnesses: of,
    doc,
    expected: true,
    ...rest,
  });
  const mappers = Array.from({ length: mappings }, (_, m) => `mapper${m}`);
  const holders = ['copyingIn', 'returning', 'mapped', 'copyingOut', 'releasing'];
  const holds = (mapper: LocalState, pool: number) =>
    holders.includes(String(mapper.value)) && (mapper.context as { pool: number }).pool === pool;
  const used = (pool: LocalState) => (pool.context as { used: number }).used;
  return [
    ...Array.from(
      { length: pools },
      (_, p): Property => ({
        kind: 'invariant',
        name: `one-owner (pool ${p})`,
        doc: 'As many slots are used as mappings lie in the pool.',
        over: [`pool[${p}]`, ...mappers],
        seen: (local, position) => (position === 0 ? used(local) : holds(local, p)),
        holds: (pool, ...all) => {
          const held = all.filter((mapper) => holds(mapper, p)).length;
          return used(pool) === held ? true : `${used(pool)} slots are used, and ${held} mappings have one`;
        },
      }),
    ),
    ...Array.from({ length: pools }, (_, p) =>
      witness(`one-owner (pool ${p})`, 'a slot of it is used', {
        over: [`pool[${p}]`],
        when: (pool) => used(pool) > 0,
      }),
    ).slice(0, mappings),
    {
      kind: 'forbidden',
      name: 'data-arrives',
      doc: 'What the device wrote has been copied out before the slot is given up.',
      event: ({ type }) => type === 'swiotlb_release_slots',
      over: mappers,
      seen: (mapper) => (mapper.context as { written: boolean }).written,
      when: ({ actor }, ...all) => {
        const mapper = all[mappers.indexOf(actor)]!;
        return (mapper.context as { written: boolean }).written;
      },
      because: () => 'the bytes of the device are still in the pool only',
    },
    witness('data-arrives', 'bytes of the device are copied out', {
      event: ({ type, params }) => type === 'swiotlb_bounce' && params.dir === 'out',
    }),
    { kind: 'deadlock', name: 'deadlock-free', doc: 'There is always a next step.' },
  ];
}

export const scalable = (patches: ReadonlySet<number>, facts: SystemFacts, replace?: Replace): NetworkDef =>
  scaled(DEFAULT_SIZE, patches, facts, replace);

export const scalableProperties = (): Property[] => scaledProperties(DEFAULT_SIZE);
