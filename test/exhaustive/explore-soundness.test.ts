import { describe, test } from 'vitest';
import {
  alone,
  CONFIGS,
  expectSoundMerges,
  expectUnmergedVerdicts,
  grow,
  retry,
  slots,
  transient,
  walk,
} from '../conformance/merges.ts';

describe.each(CONFIGS)('%s', (_, config) => {
  test.each([slots, transient, grow, retry].map((w) => [w.name, w] as const))(
    'every merge of %s goes on alike',
    (_name, w) => expectSoundMerges(w, config),
  );

  test.each([walk, alone].map((w) => [w.name, w] as const))(
    'verdicts of %s are those of an exploration that merges nothing',
    (_name, w) => expectUnmergedVerdicts(w, config),
  );
});
