/** Strings cut out of large blocks. */

/** A string that shares no memory with the text it was cut from: a short slice can hold a megabyte alive. */
export function detach(text: string): string {
  // Engines copy slices that are shorter than this anyway.
  return text.length < 13 ? text : Buffer.from(text, 'utf16le').toString('utf16le');
}

/** Blocks are read byte by byte; what a person reads of them (task names, marks) is UTF-8. */
export function utf8(text: string): string {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 127) return Buffer.from(text, 'latin1').toString('utf8');
  }
  return text;
}
