/** The decision table of mappings, computed: the map decision, walked for every request in every setting. */
import { build } from '../../machines/build.ts';
import { factsWith } from '../../machines/facts.ts';
import { MAP_ATTR_SETS, MAP_CLASSES } from '../../machines/map-decision.alphabet.ts';
import { mapDecision } from '../../machines/map-decision.ts';
import type { Outcome, Row, Setting } from './row.ts';
import { Walker } from './walk.ts';

/** What a mapping is asked with, beside its attributes; `pool`: whether the pools that last have room. */
export const MAP_REQUEST = { ...MAP_CLASSES, pool: ['room', 'full'] } as const;
export type MapRequest = { readonly attrs: string } & {
  readonly [K in keyof typeof MAP_REQUEST]: (typeof MAP_REQUEST)[K][number];
};

/** Attributes and classes that a table is made for; by default all there are. */
export type MapDomain = { readonly [K in keyof MapRequest]?: readonly MapRequest[K][] };

/** A decision with the way that led to it. */
export interface Decision {
  readonly outcome: Outcome;
  readonly because: readonly string[];
}

/** Every request of a domain; the last class varies fastest. */
export function mapRequests(domain: MapDomain = {}): MapRequest[] {
  const all = { attrs: MAP_ATTR_SETS, ...MAP_REQUEST, ...domain } as Record<string, readonly string[]>;
  return Object.entries(all).reduce<Record<string, string>[]>(
    (requests, [name, values]) =>
      requests.flatMap((request) => values.map((value) => ({ ...request, [name]: value }))),
    [{}],
  ) as unknown as MapRequest[];
}

/**
 * One row for every setting and request, settings slowest. Requests are made in process and in atomic context:
 * a mapping never sleeps, and the machine is not told which it is.
 */
export function* mapTable(
  settings: Iterable<Setting>,
  domain: MapDomain = {},
  contexts: readonly Row['context'][] = ['process', 'atomic'],
): Generator<Row, void, undefined> {
  const requests = mapRequests(domain);
  const decisions = new MapDecisions();
  for (const setting of settings) {
    const { device, ...options } = setting.options;
    const decide = decisions.in(setting);
    for (const { attrs, ...request } of requests) {
      const { outcome, because } = decide({ attrs, ...request });
      for (const context of contexts) {
        yield {
          op: 'map',
          platform: setting.platform,
          series: setting.series,
          options,
          device: device ?? 'untrusted',
          attrs,
          context,
          request,
          outcome,
          because,
        };
      }
    }
  }
}

/**
 * Decisions, each worked out once for all settings in which patches and named guards are the same, and for all
 * requests that agree in everything that the walk looked at.
 */
export class MapDecisions {
  readonly #known = new Map<string, Known>();

  /** What is decided in one setting. */
  in({ patches, facts }: Pick<Setting, 'patches' | 'facts'>): (request: MapRequest) => Decision {
    const acting = Object.keys(mapDecision.without ?? {}).map((patch) => patches.has(Number(patch)));
    const guards = mapDecision.guards!(factsWith(patches, facts));
    const key = JSON.stringify([acting, Object.values(guards).map((guard) => guard())]);
    let known = this.#known.get(key);
    if (known === undefined) {
      known = { walker: new Walker(build(mapDecision, patches, facts)), byRead: new Map() };
      this.#known.set(key, known);
    }
    const { walker, byRead } = known;
    return (request) => {
      for (const { names, decisions } of byRead.values()) {
        const decision = decisions.get(valuesOf(request, names));
        if (decision !== undefined) return decision;
      }
      const { read, ...decision } = walkFor(walker, request);
      const names = (Object.keys(request) as (keyof MapRequest)[]).filter((name) => read.has(name)).sort();
      const same = byRead.get(names.join()) ?? { names, decisions: new Map<string, Decision>() };
      same.decisions.set(valuesOf(request, names), decision);
      byRead.set(names.join(), same);
      return decision;
    };
  }
}

interface Known {
  readonly walker: Walker;
  readonly byRead: Map<string, { names: readonly (keyof MapRequest)[]; decisions: Map<string, Decision> }>;
}

const valuesOf = (request: MapRequest, names: readonly (keyof MapRequest)[]): string =>
  names.map((name) => request[name]).join();

/** One walk. `read` names the parts of the request that it depends on. */
function walkFor(walker: Walker, { pool, ...request }: MapRequest): Decision & { read: ReadonlySet<string> } {
  let askedPool = false;
  const { state, context, steps, description, read } = walker.walk(
    { type: 'dma_map_phys', ...request },
    (at) => /^(placed|refused)\./.test(at),
    (possible) => {
      const search = possible.findIndex(
        ({ params }) => params.found === (pool === 'full' ? 'none' : 'default'),
      );
      if (search < 0) return 0;
      askedPool = true;
      return search;
    },
  );
  return {
    outcome: outcomeOf(state, context as unknown as Ending, description),
    because: steps,
    // What the machine calls `pool` is where the mapping ends up; the request's is the world's answer.
    read: new Set([...[...read].filter((name) => name !== 'pool'), ...(askedPool ? ['pool'] : [])]),
  };
}

interface Ending {
  readonly says: 'shared' | 'private' | 'raw' | 'iova' | 'xen';
  readonly pool: string;
}

const POOLS: Readonly<Record<string, string>> = {
  default: 'default pool',
  dynamic: 'dynamic pool',
  restricted: 'restricted pool',
  'transient-atomic': 'transient pool from the atomic pool',
  'transient-pages': 'transient pool from the page allocator',
  'transient-converted': 'transient pool from the page allocator',
};

function outcomeOf(state: string, { says, pool }: Ending, description: string | undefined): Outcome {
  if (state.startsWith('refused.')) {
    return { source: 'refused', converted: 'no', address: 'none', reason: description ?? state };
  }
  const source = { 'placed.direct': 'direct', 'placed.mmio': 'MMIO' }[state] ?? POOLS[pool];
  if (source === undefined) throw new Error(`a mapping ends in ${state}, in pool '${pool}'`);
  return { source, converted: pool === 'transient-converted' ? 'to-shared' : 'no', address: says };
}
