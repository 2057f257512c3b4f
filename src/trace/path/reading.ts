/** How an object's calls read as events of the system that owns it. */
import type { Role } from '../binding/roles.ts';
import type { TraceRecord } from '../record.ts';
import type { Life, Seen } from './gather.ts';

/** An event that a log shows, with the parameters that it tells. */
export interface Sighting {
  readonly type: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  /** What it was not. */
  readonly except?: Readonly<Record<string, string | number | boolean>>;
  readonly record: TraceRecord;
}

/** What a system makes of the calls. */
export interface Reading {
  readonly system: string;
  sightings(life: Life): Sighting[];
  /** Of them, by type: what a driver asked for, and that it was served; the rest is the kernel's doing. */
  readonly requests: ReadonlySet<string>;
  /** Events that end the object: any of these. */
  readonly ends: readonly Pick<Sighting, 'type' | 'params'>[];
  /**
   * Events that the log would show if they had happened to the object: by type, the role that records them, and
   * which parameters make them the object's. Others may have happened unseen.
   */
  readonly shown: Readonly<Record<string, Shown>>;
}

export interface Shown {
  readonly role: string;
  readonly of?: Readonly<Record<string, string | number | boolean>>;
}

/** Calls events in their order, each with the functions that it stands in, outermost first. */
export function eachSeen(life: Life, see: (seen: Seen, inside: readonly Role[]) => void): void {
  for (const { events } of life.segments) {
    const inside: Role[] = [];
    for (const seen of events) {
      const { entry, ret, role } = seen.bound;
      // Two probes on one entry: no function here calls itself.
      if (entry && inside[inside.length - 1] === role) continue;
      if (ret) {
        const at = inside.lastIndexOf(role as Role);
        if (at >= 0) inside.length = at;
      }
      see(seen, inside);
      if (entry) inside.push(role as Role);
    }
  }
}

/** The context that a driver's call was made in; undefined where the log does not tell. */
export function contextOf({ context }: TraceRecord): 'process' | 'atomic' | undefined {
  if (context.level === 'unknown') return undefined;
  return context.level === 'process' ? 'process' : 'atomic';
}

/** Parameters without those that are not known. */
export function told(
  params: Readonly<Record<string, string | number | boolean | undefined>>,
): Sighting['params'] {
  return Object.fromEntries(
    Object.entries(params).filter(([, value]) => value !== undefined),
  ) as Sighting['params'];
}

/** The answer of a conversion. */
export const answerOf = (record: TraceRecord): 'ok' | 'failed' | undefined => {
  const ret = record.int('ret');
  return ret === undefined ? undefined : ret === 0 ? 'ok' : 'failed';
};
