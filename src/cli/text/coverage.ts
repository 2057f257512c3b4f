/** How often each step of each machine was taken, for people. */
import type { MachineCoverage } from '../../lts/index.ts';
import { textRows } from '../../render/index.ts';
import type { Io } from '../io.ts';
import { coloursOf, paragraph } from './layout.ts';

export function coverageText(io: Io, coverage: readonly MachineCoverage[]): string {
  const c = coloursOf(io);
  return coverage
    .map(({ machine, instances, steps }) => {
      const taken = steps.filter((step) => step.taken > 0).length;
      const head = `${machine} (${instances.join(', ')}): ${taken} of ${steps.length} steps taken`;
      const rows = steps.map(({ state, event, target, taken: times }) => [
        times === 0 ? 'NEVER' : String(times),
        state,
        event,
        target,
      ]);
      const paint = (text: string, row: number) =>
        row < 0 ? c.bold(text) : steps[row]?.taken === 0 ? c.yellow(text) : text;
      const table = textRows(rows, ['taken', 'in state', 'event', 'to'], { width: io.width, paint });
      return `${c.bold(paragraph(io, head))}\n${table}`;
    })
    .join('\n\n');
}
