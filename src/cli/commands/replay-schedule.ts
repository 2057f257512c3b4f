/** `ccdma replay --schedule`: a schedule that the exploration of the simulator found, step by step. */
import { SYSTEMS } from '../../../machines/systems/index.ts';
import { kernelConfig } from '../../conformance/facts.ts';
import { runSchedule, ScheduleError, type ScheduleStep } from '../../conformance/schedule.ts';
import { subjectLabel } from '../../conformance/subject.ts';
import { WORKLOADS } from '../../conformance/workloads.ts';
import type { Io } from '../io.ts';
import { EXIT, resultHead } from '../results.ts';
import { selectOne } from '../select.ts';
import { scheduleText } from '../text/replay.ts';
import { UsageError, unknown } from '../usage.ts';
import { printJson } from './common.ts';
import { numbersOf, type ReplayOptions } from './replay-source.ts';

export function replaySchedule(io: Io, system: string | undefined, options: ReplayOptions): number {
  // A workload is of no system: where none is named, any will do.
  const subject = selectOne({ ...options, system: system ?? SYSTEMS[0]!.name });
  const workload = WORKLOADS.find(({ name }) => name === options.workload);
  if (workload === undefined)
    throw unknown(
      'workload',
      options.workload!,
      WORKLOADS.map(({ name }) => name),
    );
  const numbers = numbersOf('--schedule', options.schedule!);
  const config = kernelConfig(subject.series, subject.platform, subject.options);
  const steps = run(() => runSchedule(workload, config, numbers));
  if (options.json === true) {
    printJson(io, 'replay', { ...resultHead(subject), workload: workload.name, schedule: numbers, steps });
  } else io.out(scheduleText(io, `${subjectLabel(subject)}: workload ${workload.name}`, steps));
  return steps.some(({ violations }) => violations.length > 0) ? EXIT.fails : EXIT.holds;
}

function run(work: () => ScheduleStep[]): ScheduleStep[] {
  try {
    return work();
  } catch (error) {
    if (error instanceof ScheduleError) throw new UsageError(`--schedule: ${error.message}`);
    throw error;
  }
}
