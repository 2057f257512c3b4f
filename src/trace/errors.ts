/** A file that cannot be read as a trace log. The message is one line: what is wrong, and what to do. */

export type TraceErrorCode =
  | 'not-found'
  | 'directory'
  | 'unreadable'
  | 'empty'
  | 'binary-trace'
  | 'not-a-trace'
  | 'no-known-event';

export class TraceError extends Error {
  constructor(
    readonly code: TraceErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'TraceError';
  }
}
