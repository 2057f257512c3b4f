/**
 * The decision tables of allocations, computed: the system `allocation` (or `allocation-pages`), walked for every
 * request in every setting, with the pools full of room and everybody answering well.
 */
import { ALLOC_ATTR_SETS } from '../../machines/allocation-alphabet.ts';
import { factsWith, type SystemFacts } from '../../machines/facts.ts';
import { SYSTEMS } from '../../machines/systems/index.ts';
import type { GlobalEvent } from '../lts/index.ts';
import { NetworkWalker } from './network-walk.ts';
import type { Outcome, Row, Setting } from './row.ts';

/** Which requests rows are wanted for; without an entry, all. */
export interface AllocAsked {
  readonly attrs?: readonly string[];
  readonly contexts?: readonly Row['context'][];
}

const CONTEXTS: readonly Row['context'][] = ['process', 'atomic'];

/**
 * `dma_alloc_attrs()`: one row for every setting, set of attributes and context, settings slowest. A device that
 * has the operations of Xen on x86 is left out: they allocate by themselves.
 */
export function* allocRows(
  settings: Iterable<Setting>,
  { attrs = ALLOC_ATTR_SETS, contexts = CONTEXTS }: AllocAsked = {},
): Generator<Row, void, undefined> {
  yield* rows('alloc', settings, attrs, contexts);
}

/** `dma_alloc_pages()`, which is given no attributes: one row for every setting and context. */
export function* allocPagesRows(
  settings: Iterable<Setting>,
  { attrs = ['none'], contexts = CONTEXTS }: AllocAsked = {},
): Generator<Row, void, undefined> {
  yield* rows(
    'alloc-pages',
    settings,
    attrs.filter((one) => one === 'none'),
    contexts,
  );
}

type AllocOp = 'alloc' | 'alloc-pages';
const CODE = {
  alloc: { system: 'allocation', call: 'dma_alloc_attrs' },
  'alloc-pages': { system: 'allocation-pages', call: 'dma_alloc_pages' },
} as const;

function* rows(
  op: AllocOp,
  settings: Iterable<Setting>,
  attrSets: readonly string[],
  contexts: readonly Row['context'][],
): Generator<Row, void, undefined> {
  const decided = new Map<string, { outcome: Outcome; because: readonly string[] }>();
  const walkers = new Map<string, NetworkWalker>();
  for (const setting of settings) {
    if (setting.facts.xen && !setting.facts.remap) continue;
    const { device, ...options } = setting.options;
    const same = sameNetwork(setting);
    for (const attrs of attrSets) {
      for (const context of contexts) {
        const key = `${same} ${attrs} ${context}`;
        let known = decided.get(key);
        if (known === undefined) {
          const walker = walkers.get(same) ?? walkerOf(op, setting);
          walkers.set(same, walker);
          known = decide(op, walker, setting, attrs, context);
          decided.set(key, known);
        }
        const { platform, series } = setting;
        yield {
          op,
          platform,
          series,
          options,
          device: device ?? 'untrusted',
          attrs,
          context,
          request: {},
          ...known,
        };
      }
    }
  }
}

function walkerOf(op: AllocOp, { patches, facts }: Setting): NetworkWalker {
  const system = SYSTEMS.find(({ name }) => name === CODE[op].system)!;
  return new NetworkWalker(system.network(patches, facts));
}

/** Facts that no allocation looks at: networks that differ in them only are the same. */
export const NOT_ASKED: readonly (keyof SystemFacts)[] = [
  'swiotlb',
  'dynamic',
  'archForcesBounce',
  'poolAnywhere',
  'contentsSurvive',
  'xen',
];

/** Equal for settings in which an allocation meets the same code. */
function sameNetwork({ patches, facts }: Setting): string {
  const asked = Object.entries(facts).filter(([name]) => !(NOT_ASKED as readonly string[]).includes(name));
  return JSON.stringify([[...patches].sort((a, b) => a - b), asked.sort()]);
}

function decide(
  op: AllocOp,
  walker: NetworkWalker,
  { patches, facts }: Setting,
  attrs: string,
  context: Row['context'],
): { outcome: Outcome; because: readonly string[] } {
  const { call } = CODE[op];
  const request = { type: call, by: 'driver', ctx: context, ...(op === 'alloc' ? { attrs } : {}) };
  const { events, said } = walker.walk(request, ({ type }) => type === `${call}_ret`);
  const because = events.map(({ label }) => label);
  const result = events.at(-1)!.params;
  if (result.got === 'null') {
    const reason = said.at(-1);
    if (reason === undefined) throw new Error(`nobody says why ${JSON.stringify(request)} is refused`);
    return { outcome: { source: 'refused', converted: 'no', address: 'none', reason }, because };
  }
  const converted = events.some(({ type }) => type === 'set_memory_decrypted') ? 'to-shared' : 'no';
  const source = sourceOf(String(result.got), events);
  return { outcome: { source, converted, address: addressOf(String(result.addr), patches, facts) }, because };
}

const FROM: Readonly<Record<string, string>> = {
  arch: "the architecture's own allocator",
  global: 'global coherent pool',
  pool: 'atomic pool',
  slots: 'restricted pool',
  'slots-alias': 'restricted pool, remapped',
  scattered: 'scattered pages, remapped',
  garbage: 'no page at all: what is returned is no memory of its own',
};
const HOW: Readonly<Record<string, string>> = {
  linear: '',
  cookie: ', no kernel mapping',
  alias: ', remapped',
  uncached: ', uncached',
};

function sourceOf(got: string, events: readonly GlobalEvent[]): string {
  const from = FROM[got];
  if (from !== undefined) return from;
  const how = HOW[got];
  if (how === undefined) throw new Error(`an allocation gives '${got}'`);
  return `${events.some(({ type }) => type === 'cma_alloc') ? 'CMA, else page allocator' : 'page allocator'}${how}`;
}

/** Where the platform has no bit, the address means what the device can reach. */
function addressOf(addr: string, patches: ReadonlySet<number>, facts: SystemFacts): Outcome['address'] {
  if (addr === 'shared' || addr === 'private' || addr === 'iova') return addr;
  if (addr === 'unencoded') return factsWith(patches, facts).forced ? 'shared' : 'private';
  throw new Error(`an allocation returns an address that says '${addr}'`);
}
