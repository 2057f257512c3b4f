/** What a workload would have to do to exercise what it did not. */
import { subjectLabel } from '../../conformance/subject.ts';
import type { Suggestion, Way } from '../../trace/suggest.ts';
import { replayCommand } from '../commands/replay-source.ts';
import type { Io } from '../io.ts';
import { coloursOf, command, count, paragraph } from './layout.ts';

type Terminal = Pick<Io, 'width' | 'colour'>;

const commandOf = ({ subject, path }: Way) => replayCommand(subject, subject.series, path);

/** One way serves every step that lies on it: ways that another one begins with are told with it. */
export function suggestionsText(io: Terminal, all: readonly Suggestion[]): string {
  const c = coloursOf(io);
  if (all.length === 0) return 'Every step whose events are recorded was exercised, or perhaps was.';
  const lines = [c.bold('What would exercise the steps that never were, by the shortest way'), ''];
  for (const { row, way } of all) {
    lines.push(c.red(`${row.machine}, in ${row.state}: ${row.event}, to ${row.to}`));
    if (way === undefined) {
      lines.push(
        paragraph(io, 'No path leads there with this series on these platforms, and the default options.', 2),
        '',
      );
      continue;
    }
    const { subject, stimuli, failures, suitePath } = way;
    lines.push(
      paragraph(io, `${subjectLabel(subject)}: ${stimuli.join(' → ')}`, 2),
      paragraph(
        io,
        failures.length === 0
          ? 'Nothing has to fail.'
          : `${failures.length === 1 ? 'This has' : 'These have'} to fail: ${failures.join(', ')}`,
        2,
      ),
      paragraph(io, `${count(way.path.length, 'step')}; path ${suitePath} of its suite takes the same.`, 2),
      command(io, commandOf(way)),
      '',
    );
  }
  return lines.join('\n').trimEnd();
}

export function suggestionResult({ row, way }: Suggestion) {
  const { machine, state, event, to } = row;
  return {
    machine,
    state,
    event,
    to,
    way:
      way === undefined
        ? null
        : {
            system: way.subject.system.name,
            series: way.subject.series.name,
            platform: way.subject.platform.name,
            stimuli: way.stimuli,
            failures: way.failures,
            path: [...way.path],
            suitePath: way.suitePath,
          },
  };
}
