/** No-sleep-in-atomic: in which context what may sleep was asked for. */
import { GFP_DIRECT_RECLAIM } from '../binding/roles.ts';
import type { Level } from '../context.ts';
import type { TraceRecord } from '../record.ts';
import { type Lane, laneName } from './lanes.ts';
import type { Any } from './objects.ts';
import type { Scene } from './scene.ts';

const WHERE: Readonly<Record<Level, string>> = {
  process: 'process context',
  atomic: 'a task that must not sleep',
  softirq: 'softirq',
  hardirq: 'hardirq',
  unknown: 'a context that the log does not tell',
};

export const mayBlock = (gfp: number | undefined): boolean =>
  gfp !== undefined && (gfp & GFP_DIRECT_RECLAIM) !== 0;

/**
 * Judges one request.
 * @returns whether the context was there to judge by
 */
export function judgeContext(
  scene: Scene,
  record: TraceRecord,
  lane: Lane,
  site: string,
  what: string,
  thing?: Any,
): boolean {
  const { context } = record;
  if (context.level === 'unknown') return false;
  if (context.level === 'process') {
    scene.tally.check('no-sleep-in-atomic');
    return true;
  }
  const off = [
    ...(context.irqsOff ? ['interrupts off'] : []),
    ...(context.bhOff ? ['bottom halves off'] : []),
    ...(context.preemptDepth > 0 ? [`preemption off (depth ${context.preemptDepth})`] : []),
  ];
  const why = context.interrupt > 0 || off.length === 0 ? '' : ` (${off.join(', ')})`;
  const inside = callersOf(lane, site);
  scene.tally.violated(
    'no-sleep-in-atomic',
    record,
    laneName(record),
    site,
    `${what} was requested in ${WHERE[context.level]}${why}${inside}`,
    thing,
  );
  return true;
}

const NAMES: Readonly<Record<string, string>> = {
  dyn_free: 'the free of a dynamic pool',
  dyn_alloc: 'the growth worker',
  alloc_pool: 'the making of a pool',
  direct_alloc: 'dma_direct_alloc',
  direct_alloc_pages: 'dma_direct_alloc_pages',
  direct_free: 'dma_direct_free',
  direct_free_pages: 'dma_direct_free_pages',
  expand: 'the growth of an atomic pool',
  map: 'a mapping',
  unmap: 'an unmap',
};

function callersOf(lane: Lane, site: string): string {
  for (let i = lane.stack.length - 1; i >= 0; i--) {
    const name = NAMES[lane.stack[i]!.role];
    if (name !== undefined && name !== site) return `, by ${name}`;
  }
  return '';
}
