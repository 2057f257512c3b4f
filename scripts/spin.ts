/**
 * `npm run spin`: every system, baseline and v5, on each platform whose graph differs, through Spin. Numbers of states
 * and transitions and the verdict of every safety property must be ours, exactly.
 */
import { SYSTEMS } from '../machines/systems/index.ts';
import { checkSubject, defaultSubject, propertiesOf, subjectLabel } from '../src/conformance/subject.ts';
import { BASELINE, PLATFORMS, V5 } from '../src/series/index.ts';
import { runSpin, spinMissing } from './spin-run.ts';

const missing = spinMissing();
if (missing !== null) {
  console.error(`Spin cannot be run: ${missing}.`);
  process.exit(2);
}
const seen = new Set<string>();
let differences = 0;
for (const system of SYSTEMS) {
  for (const series of [BASELINE, V5]) {
    for (const platform of PLATFORMS) {
      const subject = defaultSubject(system, series, platform);
      const { graph, verdicts } = checkSubject(subject);
      const key = `${graph.hash} ${verdicts.map(({ name, status }) => `${name}=${status}`).join()}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const spin = runSpin(graph.network, propertiesOf(subject));
      const wrong: string[] = [];
      if (spin.states !== graph.states) wrong.push(`${spin.states} states, ours ${graph.states}`);
      if (spin.transitions !== graph.transitions + 1)
        wrong.push(`${spin.transitions} transitions, ours ${graph.transitions} and the initial state`);
      for (const { name, kind, path } of verdicts) {
        if (kind === 'leads-to') continue;
        // A violation, or for a possible the witness: ours has a path exactly there.
        const ours = path !== null;
        if (spin.violated.get(name) !== ours)
          wrong.push(
            `${name}: Spin ${spin.violated.get(name) === true ? 'reaches' : 'does not reach'} what we ${ours ? 'do' : 'do not'}`,
          );
      }
      differences += wrong.length;
      const verdict = wrong.length === 0 ? 'equal' : `DIFFERS: ${wrong.join('; ')}`;
      console.log(
        `${subjectLabel(subject)}: ${graph.states} states, ${graph.transitions} transitions, ${spin.violated.size} verdicts: ${verdict}`,
      );
    }
  }
}
console.log(`${seen.size} models, ${differences === 0 ? 'all equal' : `${differences} differences`}`);
process.exitCode = differences === 0 ? 0 : 1;
