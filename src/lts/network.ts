/**
 * Composition by rendezvous: a global event happens in all its participants together, and only when all of
 * them can take it (CSP's parallel; networks of LTSs as in CADP's EXP.OPEN).
 */
import { eventLabel } from './canonical.ts';
import { type CompileOptions, compileMachine, compileOnce } from './compile.ts';
import { listOf, NetworkError } from './errors.ts';
import { checkSyncKeys, type FilledPattern, type Resolved, resolveLocal } from './patterns.ts';
import type { EventDecl, GlobalEvent, LocalLts, MachineSpec, Network, NetworkDef, Params } from './types.ts';

/** A global event while its participants are being collected: instance index → local event index. */
interface Draft {
  readonly type: string;
  readonly params: Params;
  readonly label: string;
  readonly participants: Map<number, number>;
}

/**
 * Compiles the machines of a network and resolves which global events there are and who takes part.
 *
 * The events of a type have as parameters the union of the keys that any pattern of that type names. A
 * pattern with all of them names one event; one with fewer stands for all events that agree with it; a
 * predicate chooses among the events that patterns have named. Events are numbered in the order in which
 * instances, in the order of the definition, and their alphabets first name them.
 *
 * @throws CompileError for a machine outside the subset.
 * @throws NetworkError when names do not fit: see the messages.
 */
export function compose(def: NetworkDef, options: CompileOptions = {}): Network {
  const fail = (message: string): never => {
    throw new NetworkError(def.name, message);
  };
  const names = new Set<string>();
  for (const { name } of def.instances) {
    if (names.has(name)) fail(`two instances are called '${name}'; give each its own name`);
    names.add(name);
  }
  const bounded = new Map<MachineSpec, LocalLts>();
  const ltss = def.instances.map((instance) => {
    checkSyncKeys(def.name, instance);
    if (options.maxLocalStates === undefined) return compileOnce(instance.spec);
    const known = bounded.get(instance.spec) ?? compileMachine(instance.spec, options);
    bounded.set(instance.spec, known);
    return known;
  });
  const resolved = def.instances.map((instance, i) =>
    ltss[i]!.events.map((event) => resolveLocal(def.name, instance, event)),
  );
  const drafts = collect(def, ltss, resolved, fail);
  const events = finish(def, ltss, drafts, fail);
  choose(def, ltss, resolved, drafts, events, fail);
  return {
    name: def.name,
    instances: def.instances.map(({ name }, i) => ({ name, lts: ltss[i]! })),
    events: events.map((event, e) => ({ ...event, participants: sorted(drafts[e]!) })),
    initial: ltss.map((lts) => lts.initial),
  };
}

type Fail = (message: string) => never;

/** Applies all patterns: first the full ones, which make the events, then the partial ones, which extend. */
function collect(
  def: NetworkDef,
  ltss: readonly LocalLts[],
  resolved: readonly (readonly Resolved[])[],
  fail: Fail,
): Draft[] {
  const keys = new Map<string, Set<string>>();
  const each = (visit: (i: number, e: number, pattern: FilledPattern) => void): void =>
    resolved.forEach((events, i) => {
      events.forEach(({ patterns }, e) => {
        for (const pattern of patterns) visit(i, e, pattern);
      });
    });
  each((_i, _e, { type, params }) => {
    const known = keys.get(type) ?? new Set<string>();
    for (const key of Object.keys(params)) known.add(key);
    keys.set(type, known);
  });
  const isFull = ({ type, params }: FilledPattern) => Object.keys(params).length === keys.get(type)!.size;

  const byLabel = new Map<string, Draft>();
  const byType = new Map<string, Draft[]>();
  each((i, e, pattern) => {
    if (!isFull(pattern)) return;
    const label = eventLabel(pattern.type, pattern.params);
    let draft = byLabel.get(label);
    if (draft === undefined) {
      draft = { ...pattern, label, participants: new Map() };
      byLabel.set(label, draft);
      byType.set(pattern.type, [...(byType.get(pattern.type) ?? []), draft]);
    }
    join(def, ltss, draft, i, e, fail);
  });
  each((i, e, pattern) => {
    if (isFull(pattern)) return;
    const ofType = byType.get(pattern.type) ?? [];
    const named = Object.entries(pattern.params);
    const matching = ofType.filter(({ params }) => named.every(([key, value]) => params[key] === value));
    if (matching.length === 0) {
      fail(
        `${where(def, ltss, i, e)} stands for ${eventLabel(pattern.type, pattern.params)}, which no event agrees with: '${pattern.type}' has the parameters ${listOf(keys.get(pattern.type)!)} and the events ${listOf(ofType.map(({ label }) => label))}`,
      );
    }
    for (const draft of matching) join(def, ltss, draft, i, e, fail);
  });
  return [...byLabel.values()];
}

/** Adds what predicates choose. They see every event with the participants that patterns gave it. */
function choose(
  def: NetworkDef,
  ltss: readonly LocalLts[],
  resolved: readonly (readonly Resolved[])[],
  drafts: readonly Draft[],
  events: readonly GlobalEvent[],
  fail: Fail,
): void {
  resolved.forEach((locals, i) => {
    locals.forEach(({ predicate }, e) => {
      if (predicate === null) return;
      const chosen = drafts.filter((_, index) => predicate(events[index]!));
      if (chosen.length === 0) {
        fail(
          `the predicate of ${where(def, ltss, i, e)} chooses no event; give null if it never happens there`,
        );
      }
      for (const draft of chosen) join(def, ltss, draft, i, e, fail);
    });
  });
}

function join(
  def: NetworkDef,
  ltss: readonly LocalLts[],
  draft: Draft,
  i: number,
  e: number,
  fail: Fail,
): void {
  const other = draft.participants.get(i);
  if (other !== undefined && other !== e) {
    fail(
      `${where(def, ltss, i, e)} and ${where(def, ltss, i, other)} both stand for ${draft.label}; an instance takes part in an event with one local event`,
    );
  }
  draft.participants.set(i, e);
}

/** Gives each event its declaration: that of the instances whose local event has the same type. */
function finish(
  def: NetworkDef,
  ltss: readonly LocalLts[],
  drafts: readonly Draft[],
  fail: Fail,
): GlobalEvent[] {
  const decls = new Map<string, { decl: EventDecl; instance: string }>();
  for (const { type, participants } of drafts) {
    for (const [i, e] of participants) {
      if (ltss[i]!.events[e]!.type !== type) continue;
      const decl = ltss[i]!.alphabet[type]!;
      const instance = def.instances[i]!.name;
      const first = decls.get(type);
      if (first === undefined) decls.set(type, { decl, instance });
      else if (declText(first.decl) !== declText(decl)) {
        fail(
          `'${type}' is declared as ${declText(first.decl)} by '${first.instance}' and as ${declText(decl)} by '${instance}'; kind, actor and symbol must agree`,
        );
      }
    }
  }
  return drafts.map((draft, index) => {
    const { type, params, label } = draft;
    const declared = decls.get(type)?.decl;
    if (declared === undefined) {
      const by = [...draft.participants].map(([i, e]) => where(def, ltss, i, e));
      return fail(
        `no instance declares '${type}' under its own name (it is named by ${listOf(by)}); the declared types are ${listOf(decls.keys())}`,
      );
    }
    const { kind, symbol } = declared;
    let actor = declared.actor;
    if (typeof actor !== 'string') {
      const value = params[actor.param];
      if (value === undefined) {
        return fail(`the actor of ${label} is its parameter '${actor.param}', which it does not have`);
      }
      actor = String(value);
    }
    return { index, type, params, label, kind, actor, symbol, participants: sorted(draft) };
  });
}

function declText({ kind, actor, symbol }: EventDecl): string {
  return `${kind} of ${typeof actor === 'string' ? actor : `{${actor.param}}`} at ${symbol}`;
}

function sorted({ participants }: Draft): (readonly [number, number])[] {
  return [...participants].sort(([a], [b]) => a - b);
}

function where(def: NetworkDef, ltss: readonly LocalLts[], i: number, e: number): string {
  return `'${ltss[i]!.events[e]!.label}' of instance '${def.instances[i]!.name}'`;
}
