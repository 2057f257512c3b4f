/** Where a probe sits: what stands in its parentheses, and the two ends of a function tracer's line. */
import { isSubject } from './names.ts';
import type { Place } from './record.ts';

export interface Places {
  readonly func: Place;
  /** Undefined for an entry. */
  readonly caller: Place | undefined;
  /** Whether the function is of the subject, by its name. */
  readonly subject: boolean;
}

const places = (func: Place, caller: Place | undefined): Places => ({
  func,
  caller,
  subject: func.symbol !== undefined && isSubject(func.symbol),
});

const SYMBOL = /^([A-Za-z_.$][\w.$]*)(?:\+0x([0-9a-f]{1,16})(?:\/0x[0-9a-f]{1,16})?)?(?: \[[\w-]+\])?$/;
const ADDRESS = /^(?:0x)?([0-9a-f]{8,16})$/;

/** A symbol with or without offset and module, or a raw address. */
export function readPlace(text: string): Place | undefined {
  // A raw address of letters only would be a symbol too; no kernel function is named like one.
  const address = ADDRESS.exec(text);
  if (address) return { symbol: undefined, address: address[1]!, offset: 0 };
  const symbol = SYMBOL.exec(text);
  if (!symbol) return undefined;
  return { symbol: symbol[1]!, address: undefined, offset: Number.parseInt(symbol[2] ?? '0', 16) };
}

/**
 * `func+off/size`, `caller+off/size <- func` (the kernel) or `func <- caller` (`trace-cmd report`, which prints
 * the address of the probe first). The end that has an offset is the kernel's caller.
 */
export function readPlaces(text: string): Places | undefined {
  const arrow = text.indexOf(' <- ');
  if (arrow < 0) {
    const func = readPlace(text);
    return func && places(func, undefined);
  }
  const left = readPlace(text.slice(0, arrow));
  const right = readPlace(text.slice(arrow + 4));
  if (!left || !right) return undefined;
  const reversed = left.address !== undefined && right.address !== undefined;
  return reversed ? places(left, right) : places(right, left);
}

/** `func <-caller` of the function tracer, arguments left out; `<--` is what `trace-cmd report` prints. */
export function readCall(text: string): Places | undefined {
  const arrow = text.indexOf(' <-');
  if (arrow < 0) return undefined;
  const head = text.slice(0, arrow);
  const open = head.indexOf('(');
  if (open >= 0 && !head.endsWith(')')) return undefined;
  const func = readPlace(open < 0 ? head : head.slice(0, open));
  const caller = readPlace(text.slice(arrow + 3).replace(/^-? ?/, ''));
  return func && caller && places(func, caller);
}
