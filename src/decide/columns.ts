/** The columns of a row: its inputs, each attribute on its own, so that one that does not matter can be told. */
import { attrsOf, inputsOf, type Row } from './row.ts';

/** The column of one attribute: `yes` or `no`. */
export const attrColumn = (attr: string): string => `attr:${attr}`;

/**
 * Column → value, in the order in which columns are shown; the platform is the first.
 * @param attrs all attributes that the table knows
 */
export function columnsOf(
  row: Omit<Row, 'outcome' | 'because'>,
  attrs: readonly string[],
): Record<string, string> {
  const { platform, device, attrs: given, ...rest } = inputsOf(row);
  const has = attrsOf(given ?? 'none');
  const own = attrs.map((attr) => [attrColumn(attr), has.includes(attr) ? 'yes' : 'no']);
  return { platform: platform ?? '', device: device ?? '', ...Object.fromEntries(own), ...rest };
}
