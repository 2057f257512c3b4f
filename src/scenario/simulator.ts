/** The object that a scenario is handed: every call in one place, and a message for a name that there is not. */

import { allocationCalls } from './allocation.ts';
import type { Simulator } from './api.ts';
import { deviceCalls } from './device.ts';
import { nearestTo, ScenarioError } from './errors.ts';
import { expectCalls } from './expect.ts';
import { memoryCalls } from './memory.ts';
import type { Session } from './session.ts';
import { streamingCalls } from './streaming.ts';
import { worldCalls } from './world.ts';

/** Everything that a scenario can call in a session. */
export function simulatorOf(s: Session, subject: Pick<Simulator, 'platform' | 'series'>): Simulator {
  const calls: Simulator = {
    ...subject,
    ...deviceCalls(s),
    ...worldCalls(s),
    ...memoryCalls(s),
    ...allocationCalls(s),
    ...streamingCalls(s),
    ...expectCalls(s),
  };
  return new Proxy(calls, {
    get: (target, name) => {
      if (typeof name === 'symbol' || name in target) return Reflect.get(target, name);
      // What is awaited or printed is asked for these; nobody misspells them.
      if (name === 'then' || name === 'toJSON') return undefined;
      throw new ScenarioError(
        `there is no function ${name}${nearestTo(name, Object.keys(target))}`,
        s.positions.here(),
      );
    },
    set: (_, name) => {
      throw new ScenarioError(
        `${String(name)} cannot be set: the simulator is not a scenario's to change`,
        s.positions.here(),
      );
    },
  });
}
