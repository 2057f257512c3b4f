/** A call of the simulated kernel as a probe sees it, and its arguments in the words of the recorded logs. */
import type { Frame, Given, Kernel, Task } from '../../kernel/index.ts';

/** A call, as it is when it begins and when it returns. */
export interface Call {
  readonly kernel: Kernel;
  readonly task: Task;
  /** Its frame; of a return, the one that was left. */
  readonly frame: Frame;
  /** Arguments that the frame does not keep. */
  readonly given: Given;
  /** Those of the calls that it stands in, by their frames. */
  readonly givenTo: ReadonlyMap<Frame, Given>;
  /** Physical addresses of the entries of lists that are mapped, by bus address. */
  readonly entries: Map<number, number>;
  /** The function that called it. */
  readonly caller: string;
  readonly deviceName: (device: number) => string;
}

/** The value of an argument: the frame's, the call's, or that of a function which passed it on. */
export function arg(call: Call, name: string): unknown {
  const own = call.given[name] ?? call.frame[name];
  if (own !== undefined) return own;
  const { stack } = call.task;
  for (let i = stack.length - 1; i >= 0; i--) {
    const outer = stack[i]!;
    const passed = outer[name] ?? call.givenTo.get(outer)?.[name];
    if (passed !== undefined) return passed;
  }
  return undefined;
}

export const num = (call: Call, name: string): number => Number(arg(call, name) ?? 0);

const MASK = (1n << 64n) - 1n;
/** A 64-bit word in hexadecimal digits. */
export const word = (n: number): string => (n < 0 ? (BigInt(n) & MASK).toString(16) : n.toString(16));
export const x = (n: number): string => `0x${word(n)}`;

export const DIRECTIONS = ['BIDIRECTIONAL', 'TO_DEVICE', 'FROM_DEVICE'];
/** `swiotlb_bounce()` is told where to: into the slots, or out of them. */
const COPIES: Readonly<Record<string, string>> = { in: 'TO_DEVICE', out: 'FROM_DEVICE' };
export const directionOf = (call: Call): string => {
  const dir = String(arg(call, 'dir') ?? 'BIDIRECTIONAL');
  return COPIES[dir] ?? dir;
};

/** Bits of the attributes. Source: include/linux/dma-mapping.h, and the series for the last two. */
const ATTR_BITS: Readonly<Record<string, number>> = {
  NO_KERNEL_MAPPING: 0x10,
  SKIP_CPU_SYNC: 0x20,
  FORCE_CONTIGUOUS: 0x40,
  MMIO: 0x400,
  REQUIRE_COHERENT: 0x1000,
  CC_SHARED: 0x2000,
};
export const attrsOf = (call: Call): string => String(arg(call, 'attrs') ?? '');
export const attrBits = (attrs: string): number =>
  attrs === '' ? 0 : attrs.split('|').reduce((bits, name) => bits | (ATTR_BITS[name] ?? 0), 0);

/** Source: include/linux/gfp_types.h. */
export const GFP = { GFP_KERNEL: 0xcc0, GFP_ATOMIC: 0x820, GFP_NOWAIT: 0x2800 } as const;
export const gfpOf = (call: Call): keyof typeof GFP =>
  arg(call, 'mayBlock') === true ? 'GFP_KERNEL' : 'GFP_ATOMIC';

/** In the number that a frame has for it; the growth worker allocates for no device. */
export function device(call: Call): string {
  const dev = arg(call, 'dev') ?? -1;
  return Number(dev) < 0 ? '(fault)' : `"${call.deviceName(Number(dev))}"`;
}
export const plainDevice = (call: Call): string => call.deviceName(num(call, 'dev'));
