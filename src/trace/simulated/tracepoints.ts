/** What the tracepoints of dma and swiotlb print of a call. Source: include/trace/events/dma.h and swiotlb.h. */
import { attrsOf, type Call, directionOf, num, plainDevice, word, x } from './arguments.ts';

export function mapped(call: Call, dma: number): string[] {
  const { given } = call;
  return [
    `dma_map_phys: ${plainDevice(call)} dir=${given.dir} dma_addr=${word(dma)} size=${given.bytes} phys_addr=${word(Number(given.phys))} attrs=${given.attrs}`,
  ];
}

export function unmapped(call: Call): string[] {
  const { given } = call;
  return [
    `dma_unmap_phys: ${plainDevice(call)} dir=${given.dir} dma_addr=${word(Number(given.dma))} size=${given.bytes} attrs=${given.attrs}`,
  ];
}

export function bounced(call: Call): string[] {
  const dev = num(call, 'dev');
  const { state } = call.kernel;
  const { dma_mask_bits, io_tlb_mem } = state.devices[dev]!;
  const forced = state.mems.find(({ addr }) => addr === io_tlb_mem)?.force_bounce === true;
  const mask = ((1n << BigInt(dma_mask_bits)) - 1n).toString(16);
  return [
    `swiotlb_bounced: dev_name: ${plainDevice(call)} dma_mask=${mask} dev_addr=${word(num(call, 'phys'))} size=${num(call, 'bytes')} ${forced ? 'FORCE' : 'NORMAL'}`,
  ];
}

export const memory = (event: string, call: Call, dma: number, virt: number, rest: string): string =>
  `${event}: ${plainDevice(call)} dir=BIDIRECTIONAL dma_addr=${word(dma)} size=${num(call, 'bytes')} virt_addr=${word(virt).padStart(16, '0')} ${rest}`;

type List = readonly { readonly paddr?: number; readonly bytes: number; readonly dma: number }[];
const list = (values: readonly number[]): string => `{${values.map(x).join(',')}}`;

export function mappedList(call: Call, ents: number): string[] {
  const { frame } = call;
  const entries = frame.entries as unknown as List;
  const dir = directionOf(call);
  const phys = list(entries.map(({ paddr }) => paddr!));
  const head = `${plainDevice(call)} dir=${dir}`;
  if (ents === 0)
    return [
      `dma_map_sg_err: ${head} phys_addrs=${phys} nents=${entries.length} err=-5 attrs=${attrsOf(call)}`,
    ];
  const done = frame.done as unknown as List;
  done.forEach(({ dma }, i) => {
    call.entries.set(dma, entries[i]!.paddr!);
  });
  const counts = `nents=${entries.length}/${entries.length} ents=${done.length}/${done.length}`;
  return [
    `dma_map_sg: ${head} ${counts} dma_addrs=${list(done.map(({ dma }) => dma))} sizes=${list(done.map(({ bytes }) => bytes))} phys_addrs=${phys} attrs=${attrsOf(call)}`,
  ];
}

export function unmappedList(call: Call): string[] {
  const segments = call.frame.segments as unknown as List;
  const phys = list(segments.map(({ dma }) => call.entries.get(dma) ?? dma));
  return [
    `dma_unmap_sg: ${plainDevice(call)} dir=${directionOf(call)} phys_addrs=${phys} attrs=${attrsOf(call)}`,
  ];
}

export function synced(event: string) {
  return (call: Call): string[] => {
    const { given } = call;
    return [
      `${event}: ${plainDevice(call)} dir=${given.dir} dma_addr=${word(Number(given.dma))} size=${given.bytes}`,
    ];
  };
}
