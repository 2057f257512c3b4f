/** Properties → verdicts, one by one. A violation never prunes: every property sees the whole graph. */
import { PropertyError } from './errors.ts';
import type { Graph } from './graph.ts';
import { lasso } from './leads-to.ts';
import { violations } from './more.ts';
import { type Found, firstOfEachSite, reached } from './search.ts';
import type { Possible, Property, Verdict, VerdictStatus } from './types.ts';

type Safety = Exclude<Property, Possible>;

/**
 * One verdict per property, in their order; see `VerdictStatus` for what each means. Counterexamples and
 * witnesses are shortest ones. On a graph whose bound was hit, what was found still counts, and what was not
 * found is `not decided`.
 *
 * A deadlock property without `final` excepts no state.
 *
 * @throws PropertyError when two properties share a name, or one names an unknown instance or throws.
 */
export function check(graph: Graph, properties: readonly Property[]): Verdict[] {
  const steps = checkSteps(graph, properties);
  let step = steps.next(false);
  while (step.done !== true) step = steps.next(false);
  return step.value;
}

/**
 * The same property by property: a generator that yields the name of the next one, and judges no more when it is sent
 * `true`. Those that were not judged are `not decided`.
 */
export function* checkSteps(
  graph: Graph,
  properties: readonly Property[],
): Generator<string, Verdict[], boolean> {
  const names = new Set<string>();
  for (const { name } of properties) {
    if (names.has(name)) throw new PropertyError(name, 'two properties have this name');
    names.add(name);
  }
  const found = new Map<string, readonly Found[]>();
  for (const property of properties) {
    if (yield property.name) break;
    found.set(property.name, search(graph, property));
  }
  return properties.map((property) => {
    const places = found.get(property.name);
    if (places === undefined) return undecided(property);
    const place = places[0] ?? null;
    if (property.kind === 'possible') {
      const status = possibleStatus(graph, property, place);
      const missing = status === 'fails' ? 'nothing that is reachable shows it' : null;
      return { ...verdict(property, status, place, missing), witnesses: property.witnesses };
    }
    const witnesses = properties.filter((p) => p.kind === 'possible' && p.witnesses === property.name);
    if (witnesses.some(({ name }) => !found.has(name)) && place === null) return undecided(property);
    const shown = witnesses.length === 0 || witnesses.some(({ name }) => found.get(name)?.length !== 0);
    return verdict(property, safetyStatus(graph, place, shown), place, null, places);
  });
}

function undecided(property: Property): Verdict {
  const open = verdict(property, 'not decided', null, null);
  return property.kind === 'possible' ? { ...open, witnesses: property.witnesses } : open;
}

/**
 * What a reviewer should know of a list of properties: safety properties without a witness, and witnesses of
 * a property that is not in the list. Each entry is one sentence.
 */
export function unwitnessed(properties: readonly Property[]): string[] {
  const safety = new Set(properties.filter((p) => p.kind !== 'possible').map((p) => p.name));
  const witnessed = new Set(properties.flatMap((p) => (p.kind === 'possible' ? [p.witnesses] : [])));
  return [
    ...[...safety]
      .filter((name) => !witnessed.has(name))
      .map((name) => `no 'possible' shows that '${name}' is not vacuous`),
    ...properties.flatMap((p) =>
      p.kind === 'possible' && !safety.has(p.witnesses)
        ? [`'${p.name}' witnesses '${p.witnesses}', which is no safety property of this list`]
        : [],
    ),
  ];
}

function search(graph: Graph, property: Property): readonly Found[] {
  const one = (place: Found | null) => (place === null ? [] : [place]);
  switch (property.kind) {
    case 'invariant':
    case 'forbidden':
    case 'deadlock':
      return firstOfEachSite(graph, violations(graph, property));
    case 'possible':
      return one(reached(graph, property));
    case 'leads-to':
      return one(lasso(graph, property));
  }
}

function safetyStatus(graph: Graph, place: Found | null, shown: boolean): VerdictStatus {
  if (place !== null) return 'fails';
  if (!graph.complete) return 'not decided';
  return shown ? 'holds' : 'not reachable';
}

function possibleStatus(graph: Graph, { expected }: Possible, place: Found | null): VerdictStatus {
  if (place !== null) return 'holds';
  if (!graph.complete) return 'not decided';
  return expected ? 'fails' : 'not reachable';
}

function verdict(
  property: Safety | Possible,
  status: VerdictStatus,
  place: Found | null,
  missing: string | null,
  violations: readonly Found[] = [],
): Verdict {
  return {
    name: property.name,
    kind: property.kind,
    doc: property.doc,
    status,
    steps: place === null ? null : place.path.length + (place.loop?.length ?? 0),
    path: place?.path ?? null,
    because: place?.because ?? missing,
    counterexamples: violations.map(({ site, path, because, loop }) => ({
      site,
      steps: path.length + (loop?.length ?? 0),
      path,
      because,
      ...(loop === undefined ? {} : { loop }),
    })),
  };
}
