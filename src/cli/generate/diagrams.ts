/** generated/diagrams: every machine, as it is intended and as it was before; every known counterexample. */
import type { System } from '../../../machines/systems/index.ts';
import {
  dotStatechart,
  mermaidSequence,
  mermaidStatechart,
  svgFromDot,
  svgSequence,
} from '../../render/index.ts';
import { BASELINE, V5 } from '../../series/index.ts';
import type { Lab } from '../lab.ts';
import { counterexampleTrace } from '../text/verdicts.ts';
import { drawings, exhibits } from './exhibits.ts';
import type { GeneratedFile } from './file.ts';
import { machineAs } from './machines.ts';

export async function* diagramFiles(lab: Lab, systems: readonly System[]): AsyncIterable<GeneratedFile> {
  yield* machineFiles(systems);
  yield* sequenceFiles(lab, systems);
}

/** `rcu-reader.svg`; with `.baseline` before the extension where patches changed the machine. */
async function* machineFiles(systems: readonly System[]): AsyncIterable<GeneratedFile> {
  const files = systems.flatMap((system) => system.files);
  const distinct = files.filter((file, i) => files.findIndex(({ name }) => name === file.name) === i);
  for (const file of distinct) {
    const before = Object.keys(file.without ?? {}).length > 0 ? [BASELINE] : [];
    for (const series of [V5, ...before]) {
      const spec = machineAs(file, series);
      const path = `diagrams/${file.name}${series === V5 ? '' : `.${series.name}`}`;
      const cause = `the machine ${file.name} (machines/${file.name}.ts), ${series.name}`;
      yield { path: `${path}.mmd`, content: mermaidStatechart(spec), cause: `the Mermaid chart of ${cause}` };
      const svg = await svgFromDot(dotStatechart(spec));
      yield { path: `${path}.svg`, content: svg, cause: `the drawing of ${cause}` };
    }
  }
}

async function* sequenceFiles(lab: Lab, systems: readonly System[]): AsyncIterable<GeneratedFile> {
  const all = exhibits(systems);
  const drawn = drawings(all);
  for (const exhibit of all) {
    const { finding, subject, label } = exhibit;
    const trace = counterexampleTrace(lab.check(subject), finding.property, finding.site);
    if (trace === null) continue;
    const path = `diagrams/${finding.id}`;
    const cause = `the sequence diagram of finding ${finding.id} on ${label}`;
    yield { path: `${path}.mmd`, content: mermaidSequence(trace), cause };
    if (drawn.has(exhibit)) yield { path: `${path}.svg`, content: svgSequence(trace), cause };
  }
}
