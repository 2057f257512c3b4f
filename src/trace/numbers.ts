/** Numbers of trace logs: 64-bit words, read without losing a bit or said to be unreadable. */

const digit = (c: number): number => {
  if (c >= 48 && c <= 57) return c - 48;
  if (c >= 97 && c <= 102) return c - 87;
  if (c >= 65 && c <= 70) return c - 55;
  return 99;
};

/**
 * A 64-bit word as a signed number. `hex` says how digits without `0x` are read; a minus makes it decimal.
 * Undefined when it is no number, wider than 64 bits, or not exact as a number (|value| >= 2^53).
 */
export function wordOf(text: string, hex: boolean): number | undefined {
  let i = 0;
  let base = hex ? 16 : 10;
  let sign = 1;
  if (text.charCodeAt(0) === 45) {
    sign = -1;
    base = 10;
    i = 1;
  } else if (text.charCodeAt(0) === 48 && text.charCodeAt(1) === 120) {
    base = 16;
    i = 2;
  }
  const length = text.length;
  if (i >= length) return undefined;
  if (base === 16) {
    while (i < length - 1 && text.charCodeAt(i) === 48) i++;
    if (length - i > 16) return undefined;
    let high = 0;
    let low = 0;
    for (; i < length; i++) {
      const d = digit(text.charCodeAt(i));
      if (d > 15) return undefined;
      if (length - i > 8) high = high * 16 + d;
      else low = low * 16 + d;
    }
    if (high >= 0x8000_0000) high -= 0x1_0000_0000;
    return safe(high * 0x1_0000_0000 + low);
  }
  let value = 0;
  for (; i < length; i++) {
    const d = digit(text.charCodeAt(i));
    if (d > 9) return undefined;
    value = value * 10 + d;
  }
  if (Number.isSafeInteger(value)) return sign * value;
  return decimalWord(text);
}

const safe = (value: number): number | undefined => (Number.isSafeInteger(value) ? value : undefined);

/** Rare: decimals beyond 2^53, such as an unsigned print of a negative number. */
function decimalWord(text: string): number | undefined {
  if (text.length > 20) return undefined;
  const value = BigInt(text);
  if (value >= 1n << 64n || value < -(1n << 63n)) return undefined;
  return safe(Number(BigInt.asIntN(64, value)));
}

/** Whether bytes[from, to) is a number that a 64-bit kernel can print: decimal, negative, 0x-hex or plain hex. */
export function isWord(bytes: Uint8Array, from: number, to: number, hex: boolean): boolean {
  let i = from;
  if (i < to && bytes[i]! === 45) {
    i++;
    return i < to && decimals(bytes, i, to) === to && to - i <= 19;
  }
  if (bytes[i]! === 48 && i + 1 < to && bytes[i + 1]! === 120) {
    i += 2;
    return i < to && to - i <= 16 && hexadecimals(bytes, i, to) === to;
  }
  if (i >= to) return false;
  if (hex) return to - i <= 16 && hexadecimals(bytes, i, to) === to;
  if (decimals(bytes, i, to) !== to) return false;
  return (
    to - i < 20 || (to - i === 20 && String.fromCharCode(...bytes.subarray(i, to)) <= '18446744073709551615')
  );
}

/** First index from `i` that is no decimal digit. */
export function decimals(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to) {
    const c = bytes[i]!;
    if (c < 48 || c > 57) break;
    i++;
  }
  return i;
}

function hexadecimals(bytes: Uint8Array, from: number, to: number): number {
  let i = from;
  while (i < to && digit(bytes[i]!) < 16) i++;
  return i;
}
