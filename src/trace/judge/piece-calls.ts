/** What the atomic pools answered: a piece, or whether memory is theirs; and whose call it is. */
import { ATTR, type Role } from '../binding/roles.ts';
import type { TraceRecord } from '../record.ts';
import { pieceOffered } from './allocations.ts';
import type { Frame, Lane } from './lanes.ts';
import { goesBack } from './pieces.ts';
import { poolBufferOffered } from './pools.ts';
import type { Scene } from './scene.ts';

/** The calls that give an atomic pool's piece back. */
const GIVERS: ReadonlySet<Role> = new Set<Role>([
  'alloc_pool',
  'dyn_free',
  'direct_free',
  'direct_free_pages',
]);

/** `dma_alloc_from_pool` returned. */
export function pieceGiven(scene: Scene, record: TraceRecord, lane: Lane, frame: Frame): void {
  const got = record.hex('ret');
  const caller = lane.inside('alloc_pool', 'direct_alloc', 'direct_alloc_pages');
  if (got === undefined || caller === undefined) return;
  caller.fromPool = got !== 0;
  caller.piece = got;
  if (caller.role !== 'direct_alloc') return;
  const attrs = (frame.attrs & (ATTR.CC_SHARED | ATTR.ALLOC_CC_SHARED)) !== 0 ? 'CC_SHARED' : 'none';
  scene.step(caller.instance, 'gen_pool_alloc', { attrs, ok: got !== 0 }, record);
}

/** `dma_free_from_pool` returned. */
export function pieceAnswered(scene: Scene, record: TraceRecord, lane: Lane, symbol: string): void {
  const answer = record.int('ret');
  const frame = lane.among(GIVERS);
  if (answer === undefined || frame === undefined) return;
  const owned = (answer & 1) !== 0;
  frame.owned = owned;
  if (frame.role === 'dyn_free') poolBufferOffered(scene, record, lane, frame, owned);
  else if (frame.role === 'alloc_pool') {
    if (frame.fromPool !== undefined)
      goesBack(scene, record, frame, symbol, frame.fromPool, owned, 'the buffer');
  } else {
    if (frame.role === 'direct_free') scene.step(frame.instance, 'dma_free_from_pool', { owned }, record);
    pieceOffered(scene, record, lane, frame, symbol, owned);
  }
}
