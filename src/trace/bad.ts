/** What a line is that could not be read. */
import type { LossKind } from './record.ts';

/**
 * A console line (`[    9.381564] …`) and plain words are foreign; anything that looks torn off a trace is
 * garbled. `isField` knows the fields that the log prints. Both kinds may hide an event, for a fragment can look like words.
 */
export function classifyBad(line: string, isField: (name: string) => boolean): LossKind {
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if (c !== 9 && (c < 32 || c > 126)) return 'garbled';
  }
  if (/^\[ *\d+\.\d{6}\]/.test(line)) return 'foreign';
  if (/^\s|^=|-\d+ +[[(\d]|<-|\+0x/.test(line)) return 'garbled';
  for (const [, name] of line.matchAll(/(\w*)=/g)) if (isField(name!)) return 'garbled';
  return 'foreign';
}
