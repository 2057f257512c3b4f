/** Small things that every command's text is made of. */
import picocolors from 'picocolors';
import { wrapColumns } from '../../render/text.ts';
import type { Io } from '../io.ts';

export const coloursOf = (io: Pick<Io, 'colour'>) => picocolors.createColors(io.colour);

/** Paragraphs, wrapped to the terminal; continuation lines and the first are indented alike. */
export function paragraph(io: Pick<Io, 'width'>, text: string, indent = 0): string {
  const pad = ' '.repeat(indent);
  return wrapColumns(text, io.width - indent)
    .map((line) => (line === '' ? '' : pad + line))
    .join('\n');
}

/** `1 step`, `3 steps`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n} ${n === 1 ? one : many}`;
}

/** `1 to 4, 6 and 8 to 16`: runs of numbers, for patches. */
export function numbers(list: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const n of list) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return series(
    runs.flatMap(([a, b]) => (a === b ? [`${a}`] : b === a + 1 ? [`${a}`, `${b}`] : [`${a} to ${b}`])),
  );
}

/** `a, b and c`. */
export function series(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** A command on a line of its own, never wrapped: it is there to be copied. */
export function command(io: Pick<Io, 'colour'>, text: string): string {
  return `  ${coloursOf(io).cyan(text)}`;
}
