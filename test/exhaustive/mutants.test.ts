import { expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { mutantsOf } from '../../src/conformance/mutants/generate.ts';
import { guardText } from '../../src/conformance/mutants/guards.ts';
import { transitionPlaces } from '../../src/conformance/mutants/transitions.ts';

test('of every machine of every system: as many as there are faults, each in one place only', () => {
  for (const file of new Set(SYSTEMS.flatMap(({ files }) => files))) {
    const places = transitionPlaces(file.machine);
    const all = mutantsOf(file);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    const dropped = all.filter(({ kind }) => kind === 'drop');
    expect(dropped).toHaveLength(places.length);
    for (const { kind, id, file: mutated } of all) {
      const now = transitionPlaces(mutated.machine).map(text);
      const was = places.map(text);
      if (kind === 'drop') expect(now, id).toHaveLength(was.length - 1);
      else expect(now.filter((one, i) => one !== was[i]).length, id).toBe(1);
    }
  }
});

/** What a place says, without where it stands among the alternatives. */
function text({ state, event, alternatives, index, target }: ReturnType<typeof transitionPlaces>[number]) {
  const { guard, actions } = alternatives[index]!;
  return `${state} ${event} ${target} ${guard === undefined ? '' : guardText(guard)} ${JSON.stringify(actions)}`;
}
