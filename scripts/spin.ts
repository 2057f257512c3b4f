/**
 * `npm run spin`: every system, baseline and v5, on each platform whose model differs, through Spin. Numbers of states
 * and transitions and the verdict of every property must be ours, exactly; what must come is judged on models of its
 * own, under Spin's fairness of processes.
 */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { MEASURED_SYSTEMS, SYSTEMS } from '../machines/systems/index.ts';
import {
  checkSubject,
  defaultSubject,
  networkOf,
  propertiesOf,
  type Subject,
  subjectLabel,
} from '../src/conformance/subject.ts';
import { promela } from '../src/render/promela.ts';
import { promelaLiveness } from '../src/render/promela-liveness.ts';
import { BASELINE, PLATFORMS, V5 } from '../src/series/index.ts';
import { runSpin, spinFindsLasso, spinMissing } from './spin-run.ts';

const missing = spinMissing();
if (missing !== null) {
  console.error(`Spin cannot be run: ${missing}.`);
  process.exit(2);
}

const begin = performance.now();
const all = [...SYSTEMS, ...MEASURED_SYSTEMS].flatMap((system) =>
  [BASELINE, V5].flatMap((series) => PLATFORMS.map((platform) => defaultSubject(system, series, platform))),
);
const subjects = withoutRepetition(all);
let differences = 0;
await sideBySide(subjects, async (subject) => {
  const wrong = await compare(subject);
  differences += wrong.length;
  for (const text of wrong) console.log(`${subjectLabel(subject)}: DIFFERS: ${text}`);
});
const outcome = differences === 0 ? 'all equal' : `${differences} differences`;
const seconds = Math.round((performance.now() - begin) / 1000);
console.log(
  `${subjects.length} models of ${all.length} systems, series and platforms, the others being the same: ${outcome} (${seconds} s)`,
);
process.exitCode = differences === 0 ? 0 : 1;

/** One of those that Spin would read as the same models. */
function withoutRepetition(all: readonly Subject[]): Subject[] {
  const heading = { title: '', command: '' };
  const byModel = new Map<string, Subject>();
  for (const subject of all) {
    const [network, properties] = [networkOf(subject), propertiesOf(subject)];
    const live = properties.filter((property) => property.kind === 'leads-to');
    const models = [
      promela(network, properties, heading),
      ...live.map((property) => promelaLiveness(network, property, heading)),
    ];
    const key = createHash('sha256').update(models.join()).digest('hex');
    if (!byModel.has(key)) byModel.set(key, subject);
  }
  return [...byModel.values()];
}

/** As many at a time as there are processors; a graph is let go when it has been compared. */
async function sideBySide(work: readonly Subject[], one: (subject: Subject) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < work.length; at = next++) await one(work[at]!);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

/** Explores and judges both ways: what is not the same, one line each. */
async function compare(subject: Subject): Promise<string[]> {
  const { graph, verdicts } = checkSubject(subject);
  const { states, transitions, network } = graph;
  const properties = propertiesOf(subject);
  const spin = await runSpin(network, properties, states);
  const wrong: string[] = [];
  if (spin.states !== states) wrong.push(`${spin.states} states, ours ${states}`);
  if (spin.transitions !== transitions + 1)
    wrong.push(`${spin.transitions} transitions, ours ${transitions} and the initial state`);
  const violated = new Map(spin.violated);
  for (const property of properties)
    if (property.kind === 'leads-to')
      violated.set(property.name, await spinFindsLasso(network, property, states));
  for (const { name, path } of verdicts) {
    // A violation, or for a possible the witness: ours has a path exactly there.
    const ours = path !== null;
    if (violated.get(name) !== ours)
      wrong.push(`${name}: Spin ${ours ? 'does not reach' : 'reaches'} what we ${ours ? 'do' : 'do not'}`);
  }
  console.log(
    `${subjectLabel(subject)}: ${states} states, ${transitions} transitions, ${violated.size} verdicts`,
  );
  return wrong;
}
