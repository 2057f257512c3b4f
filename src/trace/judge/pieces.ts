/** Pieces of atomic pools: given back to where they came from, or not. */
import type { TraceRecord } from '../record.ts';
import { type Frame, laneName } from './lanes.ts';
import type { Any } from './objects.ts';
import type { Scene } from './scene.ts';

/**
 * The atomic pools said whether memory is theirs. A piece that none of them takes is not yet wrong: what is done with
 * it next is. Where its pages end the log does not say.
 */
export function goesBack(
  scene: Scene,
  record: TraceRecord,
  frame: Frame,
  symbol: string,
  fromPool: boolean,
  owned: boolean,
  what: string,
  thing?: Any,
): void {
  if (fromPool === owned) scene.tally.check('free-undoes-alloc');
  else if (owned) {
    scene.tally.violated(
      'free-undoes-alloc',
      record,
      laneName(record),
      symbol,
      `${what} came from the page allocator, and an atomic pool takes it`,
      thing,
    );
  } else {
    frame.strayed = `${what} came from an atomic pool, which does not know its address when it is given back`;
    scene.tally.undecided('one-owner');
    scene.tally.undecided('nothing-leaks');
  }
}

/** What is done with such a piece: it is made private, or its free is over. */
export function strayed(scene: Scene, record: TraceRecord, frame: Frame, symbol: string): void {
  const because = frame.strayed!;
  frame.strayed = undefined;
  scene.tally.violated(
    'free-undoes-alloc',
    record,
    laneName(record),
    symbol,
    because,
    frame.pool ?? frame.allocation,
  );
}
