/** What to record, for which kernel. */
export { NEWEST, type Plan, planFor, planForSymbols, readSymbols, readVersion } from './plan.ts';
export { bootconfig, COMMAND_LINE_SIZE, commandLine, shellLines } from './print.ts';
export { PROBES, type Probe } from './wanted.ts';
