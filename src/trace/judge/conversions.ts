/** Conversions of pages: asked for in which context, for whom, and what the pages are afterwards. */
import type { Bound, Role } from '../binding/roles.ts';
import type { TraceRecord } from '../record.ts';
import { judgeContext } from './context-check.ts';
import { type Frame, type Lane, laneName } from './lanes.ts';
import type { Any, PageRange, Pages } from './objects.ts';
import { strayed } from './pieces.ts';
import { byOf, hex, type Scene } from './scene.ts';

const PAGE = 4096;

const cut = (range: Pages, start: number, end: number): Pages => ({ ...range, start, end });

/** The calls that convert what is theirs. */
const DIRECT: ReadonlySet<string> = new Set(['direct_alloc', 'direct_alloc_pages', 'direct_free']);
const OWNERS: ReadonlySet<Role> = new Set<Role>([
  'alloc_pool',
  'direct_alloc',
  'direct_alloc_pages',
  'expand',
  'dyn_free',
  'direct_free',
  'direct_free_pages',
]);

export function conversionBegins(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  bound: Bound,
  frame: Frame,
): void {
  const to = bound.role === 'decrypt' ? 'shared' : 'private';
  const start = record.hex('addr');
  const pages = record.int('numpages');
  const known =
    start !== undefined && pages !== undefined && pages > 0 && Number.isSafeInteger(start + pages * PAGE);
  const owner = lane.among(OWNERS);
  // Before patch 3 slots of a restricted pool are converted like pages, and nothing tells them apart.
  if (DIRECT.has(owner?.role ?? '') && !scene.specification.series.patches.has(3))
    scene.tally.undecided('free-undoes-alloc');
  const thing: Any | undefined =
    ownerThing(lane) ?? (known ? pageThing(scene, record, start, start + pages * PAGE) : undefined);
  if (thing) scene.saw(thing, record, lane, to === 'shared' ? 'to be shared' : 'to be private');
  if (scene.specification.mayConversionSleep())
    frame.unjudged = !judgeContext(scene, record, lane, bound.symbol, 'a conversion', thing);
  else scene.tally.check('no-sleep-in-atomic');
  frame.instance = scene.follow('conversion', !frame.sure);
  const by = byOf(record, lane.inside('dyn_free', 'dyn_alloc'));
  scene.step(frame.instance, bound.symbol, { by }, record);
  if (owner?.instance) {
    const told = owner.instance.machine === 'dynamic-free' ? { by } : {};
    scene.step(owner.instance, bound.symbol, told, record);
  }
  if (!known) {
    if (owner) owner.unread = true;
    return;
  }
  if (to === 'private' && owner?.strayed !== undefined) strayed(scene, record, owner, bound.symbol);
  // Shared already: of what was missed in between, or twice; a log does not tell which.
  if (to === 'shared' && scene.pages.covers(start, start + pages * PAGE, ({ state }) => state === 'shared'))
    scene.tally.undecided('free-undoes-alloc');
  frame.start = start;
  frame.size = pages * PAGE;
  frame.conversion = { to, start, end: start + frame.size, ok: undefined };
  if (owner && (owner.conversion === undefined || to === 'private')) owner.conversion = frame.conversion;
}

export function conversionEnds(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  bound: Bound,
  frame: Frame | undefined,
): void {
  const caller = record.caller?.symbol?.replace(/\..*$/, '');
  if (frame === undefined) return;
  const thing = ownerThing(lane);
  if (thing) scene.saw(thing, record, lane);
  const answer = record.int('ret');
  if (frame.unjudged) {
    // The depth shown at the entry was too high or not there; that of the return is right.
    if (!judgeContext(scene, record, lane, bound.symbol, 'a conversion', thing))
      scene.tally.undecided('no-sleep-in-atomic');
    frame.unjudged = false;
  }
  if (answer === undefined) return;
  const ok = answer === 0;
  const by = byOf(record, lane.inside('dyn_free', 'dyn_alloc'));
  const ret = ok ? 'ok' : 'failed';
  scene.step(frame.instance, `${bound.symbol}_ret`, { by, ret }, record);
  const owner = lane.among(OWNERS);
  if (owner?.instance) {
    const told = owner.instance.machine === 'dynamic-free' ? { by, ret } : { ret };
    scene.step(owner.instance, `${bound.symbol}_ret`, told, record);
  }
  const { conversion } = frame;
  if (conversion === undefined) return;
  if (ok && !scene.specification.answersTell()) {
    unknown(scene, conversion);
    return;
  }
  conversion.ok = ok;
  if (conversion.to === 'shared') shared(scene, record, lane, owner, caller, conversion, ok);
  else madePrivate(scene, record, laneName(record), owner, conversion, ok);
}

type Range = { readonly start: number; readonly end: number };

/** Nobody knows what the pages are now, and whatever rests on it is not decided. */
function unknown(scene: Scene, { start, end }: Range): void {
  scene.pages.remove(start, end, cut);
  for (const property of RESTS_ON_STATE) scene.tally.undecided(property);
}

const RESTS_ON_STATE = [
  'free-private',
  'free-undoes-alloc',
  'pool-tells-the-truth',
  'device-can-reach',
  'address-matches-memory',
  'data-arrives',
] as const;

function shared(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  owner: Frame | undefined,
  caller: string | undefined,
  range: Range,
  ok: boolean,
): void {
  exposure(scene, record, lane, owner, caller);
  for (const known of scene.pages.overlapping(range.start, range.end)) {
    if (known.owner !== 'atomic pool') continue;
    scene.tally.violated(
      'one-owner',
      record,
      laneName(record),
      'set_memory_decrypted',
      `pages ${hex(known.start)} to ${hex(known.end)} were taken for another buffer while an atomic pool holds them (line ${known.thing.firstLine})`,
      known.thing,
    );
  }
  if (owner?.role === 'expand') scene.tally.check('one-owner');
  // A pool that is made at boot, or for a device: what it records of itself is in no log.
  if (owner === undefined && !ok) scene.tally.undecided('pool-tells-the-truth');
  const of = owner?.role;
  scene.pages.put(
    {
      start: range.start,
      end: range.end,
      state: ok ? 'shared' : 'uncertain',
      owner:
        // What could not be shared is nobody's: it is leaked, or goes back.
        !ok
          ? 'other'
          : of === 'expand'
            ? 'atomic pool'
            : of === 'alloc_pool'
              ? 'swiotlb pool'
              : of === undefined
                ? 'other'
                : 'allocation',
      thing: pageThing(scene, record, range.start, range.end),
    },
    cut,
  );
}

/** Pages may be shared by who took them for the purpose; a mapping bounces. */
function exposure(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  owner: Frame | undefined,
  caller: string | undefined,
): void {
  const map = lane.inside('map', 'tbl_map');
  const made =
    owner !== undefined ||
    (caller !== undefined && !/^_*(dma_(direct_)?map|swiotlb_map|swiotlb_tbl_map)/.test(caller));
  if (!made && map !== undefined) {
    scene.tally.violated(
      'no-exposure',
      record,
      laneName(record),
      'set_memory_decrypted',
      `pages were shared inside a mapping (line ${map.line}) and not for a pool: the memory that is mapped becomes shared in place`,
    );
  } else if (made || caller !== undefined) scene.tally.check('no-exposure');
  else scene.tally.undecided('no-exposure');
}

function madePrivate(
  scene: Scene,
  record: TraceRecord,
  who: string,
  owner: Frame | undefined,
  range: Range,
  ok: boolean,
): void {
  // In a pool's own free, or in the undoing of its making, its pages are no longer lent to anybody.
  const own = owner?.role === 'expand' || owner?.role === 'alloc_pool';
  for (const known of own ? [] : scene.pages.overlapping(range.start, range.end)) {
    if (known.owner !== 'atomic pool') continue;
    scene.tally.violated(
      'pool-tells-the-truth',
      record,
      who,
      'set_memory_encrypted',
      `pages ${hex(Math.max(known.start, range.start))} to ${hex(Math.min(known.end, range.end))} were made private while an atomic pool that took them as shared (line ${known.thing.firstLine}) holds them`,
      known.thing,
    );
  }
  if (!own) scene.tally.check('pool-tells-the-truth');
  if (ok) scene.pages.remove(range.start, range.end, cut);
  else {
    scene.pages.put(
      {
        ...range,
        state: 'uncertain',
        owner: 'other',
        thing: pageThing(scene, record, range.start, range.end),
      },
      cut,
    );
  }
}

/** The object on whose behalf the innermost call works. */
export function ownerThing(lane: Lane): Any | undefined {
  for (let i = lane.stack.length - 1; i >= 0; i--) {
    const { pool, allocation } = lane.stack[i]!;
    if (pool ?? allocation) return pool ?? allocation;
  }
  return undefined;
}

/** The pages themselves, as an object. */
function pageThing(scene: Scene, record: TraceRecord, start: number, end: number): PageRange {
  return { ...scene.thing('page range', record), start, end };
}
