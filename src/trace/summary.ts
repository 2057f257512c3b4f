/** What reading a log has found beside its records. */
import type { Layout } from './prefix.ts';
import { LOSS_KINDS, type LossKind } from './record.ts';

/** `us`, `ns`: of seconds with six or nine digits; `tick`: a clock of integers; `none`: no timestamps. */
export type TimeUnit = 'us' | 'ns' | 'tick' | 'none';

export interface TraceSummary {
  layout: Layout | undefined;
  tool: 'ftrace' | 'trace-cmd' | undefined;
  timeUnit: TimeUnit;
  lines: number;
  /** Records handed out. */
  records: number;
  /** Of them, of the subject: known tracepoints, and probes or functions whose names are of it. */
  known: number;
  /** Losses by kind; every kind is there. */
  losses: Record<LossKind, number>;
  /** Events that the log itself says are missing, as far as it counts them. */
  lostEvents: number;
  /** Unknown events by name; the first thousand names. */
  unknownEvents: Map<string, number>;
  /** CPUs seen, ascending. */
  cpus: number[];
  /** Records with flags, and without. */
  withContext: number;
  withoutContext: number;
  /** Whether any line showed a preempt depth. If none did, the kernel may not count it, and `process` proves little. */
  depthShown: boolean;
  /** Whether the log begins in early boot: pid 0 before the first `swapper/0-1`. */
  fromBoot: boolean;
}

export function emptySummary(): TraceSummary {
  return {
    layout: undefined,
    tool: undefined,
    timeUnit: 'none',
    lines: 0,
    records: 0,
    known: 0,
    losses: Object.fromEntries(LOSS_KINDS.map((kind) => [kind, 0])) as Record<LossKind, number>,
    lostEvents: 0,
    unknownEvents: new Map(),
    cpus: [],
    withContext: 0,
    withoutContext: 0,
    depthShown: false,
    fromBoot: false,
  };
}
