/** Trace logs of real kernels, read: records, losses, and what belongs together. */
export { type Context, type Level, NO_CONTEXT } from './context.ts';
export { TraceError, type TraceErrorCode } from './errors.ts';
export { Fields } from './fields.ts';
export { isSubject, TRACEPOINTS } from './names.ts';
export { wordOf } from './numbers.ts';
export { type Pair, Pairing, type PairingCounts } from './pairing.ts';
export { TraceParser, type TraceSink } from './parser.ts';
export type { Layout } from './prefix.ts';
export { type ReadOptions, readTrace, readTraceText, type TraceReading } from './reader.ts';
export { type EventKind, LOSS_KINDS, type Loss, type LossKind, type Place, TraceRecord } from './record.ts';
export type { TimeUnit, TraceSummary } from './summary.ts';
export { detach } from './text.ts';
