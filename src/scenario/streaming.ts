/** Streaming DMA: map, unmap, sync, lists. */

import { DMA_MAPPING_ERROR } from '../kernel/index.ts';
import { PAGE_SIZE, pageIndex } from '../kernel/memory.ts';
import type { SgTable, Simulator } from './api.ts';
import { attributes, busAddress, deviceOf, direction, hasAttr, show, whole } from './check.ts';
import { mapPhys, mapSg, syncForCpu, syncForDevice, unmapPhys, unmapSg } from './entry.ts';
import { arrived, handOver, hold } from './handover.ts';
import type { Mapping } from './holdings.ts';
import { bufferOf } from './memory.ts';
import type { Session } from './session.ts';
import { hex } from './words.ts';

type Calls = Pick<
  Simulator,
  | 'dma_map_single'
  | 'dma_unmap_single'
  | 'dma_map_page'
  | 'dma_unmap_page'
  | 'dma_map_phys'
  | 'dma_unmap_phys'
  | 'dma_map_sg'
  | 'dma_unmap_sg'
  | 'dma_sync_single_for_cpu'
  | 'dma_sync_single_for_device'
  | 'dma_mapping_error'
>;

/** Longer than any memory. */
const LARGEST = 2 ** 30;

export function streamingCalls(s: Session): Calls {
  /** A map of a piece of memory, by whatever name. */
  const map = (api: string, handle: unknown, phys: number, size: number, dir: unknown, attrs: unknown) => {
    const d = deviceOf(s, api, handle);
    const way = direction(s, api, dir);
    const names = attributes(s, api, attrs);
    const what = `${api}(${hex(phys)}, ${size}, ${way}${names === '' ? '' : `, ${names}`})`;
    const request = { dev: d.id, phys, bytes: size, dir: way, attrs: names };
    return s.kernelCall(
      d,
      api,
      what,
      mapPhys(request),
      (dma) => {
        if (dma === DMA_MAPPING_ERROR) {
          s.deliveredNothing(api);
          return 'DMA_MAPPING_ERROR';
        }
        hold(s, { kind: 'mapping', api, d, dma, phys, size, way, names });
        return hex(dma);
      },
      DMA_MAPPING_ERROR,
    );
  };
  const unmap = (
    api: string,
    handle: unknown,
    addr: unknown,
    size: unknown,
    dir: unknown,
    attrs: unknown,
  ) => {
    const d = deviceOf(s, api, handle);
    const dma = busAddress(s, api, addr);
    const bytes = whole(s, api, 'size', size, 1, LARGEST);
    const way = direction(s, api, dir);
    const names = attributes(s, api, attrs);
    const found = s.ledger.find({ kind: 'mapping', device: d.name, dma, size: bytes, dir: way });
    if (typeof found === 'string') return s.mistake(`${api}: ${found}`);
    const m = found as Mapping;
    const what = `${api}(${hex(dma)}, ${bytes}, ${way}${names === '' ? '' : `, ${names}`})`;
    s.ledger.end(m, s.positions.here());
    const request = { dev: d.id, dma, bytes, dir: way, attrs: names };
    s.kernelCall(
      d,
      api,
      what,
      unmapPhys(request),
      (_, row) => {
        if (!hasAttr(names, 'SKIP_CPU_SYNC')) arrived(s, row, m, 0, m.size);
        return '';
      },
      true,
    );
  };
  const sync = (to: 'cpu' | 'device', handle: unknown, addr: unknown, size: unknown, dir: unknown) => {
    const api = `dma_sync_single_for_${to}`;
    const d = deviceOf(s, api, handle);
    const dma = busAddress(s, api, addr);
    const bytes = whole(s, api, 'size', size, 1, LARGEST);
    const way = direction(s, api, dir);
    const found = s.ledger.find({ kind: 'mapping', device: d.name, dma }, true);
    if (typeof found === 'string') return s.mistake(`${api}: ${found}`);
    const m = found as Mapping;
    const line = m.at === null ? '' : ` on line ${m.at.line}`;
    if (m.dir !== way) s.mistake(`${api}: mapped with direction ${m.dir}${line}, synced with ${way}`);
    const offset = dma - m.dma;
    if (offset + bytes > m.size)
      s.mistake(
        `${api}: ${bytes} bytes at ${offset} go beyond the end of the mapping, which has ${m.size}${line}`,
      );
    const request = { dev: d.id, dma, bytes, dir: way, attrs: '' };
    const body = to === 'cpu' ? syncForCpu(request) : syncForDevice(request);
    s.kernelCall(
      d,
      api,
      `${api}(${hex(dma)}, ${bytes}, ${way})`,
      body,
      (_, row) => {
        if (to === 'cpu') arrived(s, row, m, offset, bytes);
        else handOver(s, m, offset, bytes);
        m.owner = to;
        return '';
      },
      true,
    );
  };
  const piece = (api: string, mem: unknown, offset: unknown, size: unknown): number => {
    const b = bufferOf(s, api, mem);
    if (b.freed) s.mistake(`${api}: the memory was freed already`);
    const at = whole(s, api, 'offset', offset, 0, b.size - 1);
    const bytes = whole(s, api, 'size', size, 1, LARGEST);
    if (at + bytes > b.size)
      s.mistake(`${api}: ${bytes} bytes at ${at} go beyond the end of the memory, which has ${b.size}`);
    return b.phys + at;
  };

  return {
    dma_map_single: (dev, mem, size, dir, attrs) =>
      map('dma_map_single', dev, piece('dma_map_single', mem, 0, size), size, dir, attrs),
    dma_map_page: (dev, mem, offset, size, dir, attrs) =>
      map('dma_map_page', dev, piece('dma_map_page', mem, offset, size), size, dir, attrs),
    dma_map_phys: (dev, phys, size, dir, attrs) => {
      whole(s, 'dma_map_phys', 'phys', phys, 0, Number.MAX_SAFE_INTEGER);
      whole(s, 'dma_map_phys', 'size', size, 1, LARGEST);
      const names = attributes(s, 'dma_map_phys', attrs);
      if (hasAttr(names, 'MMIO')) {
        for (const at of [phys, phys + size - 1])
          if (pageIndex(s.kernel.state.memory, at) >= 0)
            s.mistake(`dma_map_phys: DMA_ATTR_MMIO, and there is memory at ${hex(at)}`);
      } else if (!isDrivers(s, phys, size))
        s.mistake(`dma_map_phys: the ${size} bytes at ${hex(phys)} are no memory of the driver`);
      return map('dma_map_phys', dev, phys, size, dir, attrs);
    },
    dma_unmap_single: (...a) => unmap('dma_unmap_single', ...withAttrs(a)),
    dma_unmap_page: (...a) => unmap('dma_unmap_page', ...withAttrs(a)),
    dma_unmap_phys: (...a) => unmap('dma_unmap_phys', ...withAttrs(a)),
    dma_sync_single_for_cpu: (...a) => sync('cpu', ...a),
    dma_sync_single_for_device: (...a) => sync('device', ...a),
    dma_mapping_error: (dev, addr) => {
      deviceOf(s, 'dma_mapping_error', dev);
      return addr === DMA_MAPPING_ERROR;
    },

    dma_map_sg: (dev, entries, dir, attrs) => {
      const api = 'dma_map_sg';
      const d = deviceOf(s, api, dev);
      if (!Array.isArray(entries) || entries.length === 0)
        s.mistake(`${api}: ${show(entries)} is no list of entries {mem, offset, length}`);
      const way = direction(s, api, dir);
      const names = attributes(s, api, attrs);
      const list = entries.map((e) => ({
        phys: piece(api, e?.mem, e?.offset ?? 0, e?.length),
        bytes: e.length,
      }));
      const what = `${api}(${list.length} entries, ${way}${names === '' ? '' : `, ${names}`})`;
      let table: SgTable | null = null;
      s.kernelCall(
        d,
        api,
        what,
        mapSg(d.id, list, way, names),
        (result) => {
          if (result === null) {
            s.deliveredNothing(api);
            return 'an error';
          }
          result.forEach((dma, n) => {
            const { phys, bytes } = list[n]!;
            hold(s, { kind: 'list', api, d, dma, phys, size: bytes, way, names });
          });
          table = { dma_addresses: result };
          return result.map(hex).join(', ');
        },
        null,
      );
      return table;
    },
    dma_unmap_sg: (dev, sg, dir, attrs) => {
      const api = 'dma_unmap_sg';
      const d = deviceOf(s, api, dev);
      if (sg === null || sg === undefined) s.stopAt('an error');
      const way = direction(s, api, dir);
      const names = attributes(s, api, attrs);
      if (!Array.isArray(sg.dma_addresses)) s.mistake(`${api}: ${show(sg)} is no list from dma_map_sg()`);
      const held = sg.dma_addresses.map((dma) => {
        const found = s.ledger.find({ kind: 'list', device: d.name, dma, dir: way });
        return typeof found === 'string' ? s.mistake(`${api}: ${found}`) : (found as Mapping);
      });
      const list = held.map((m) => ({ dma: m.dma, bytes: m.size }));
      for (const m of held) s.ledger.end(m, s.positions.here());
      s.kernelCall(
        d,
        api,
        `${api}(${list.length} entries, ${way})`,
        unmapSg(d.id, list, way, names),
        (_, row) => {
          if (!hasAttr(names, 'SKIP_CPU_SYNC')) for (const m of held) arrived(s, row, m, 0, m.size);
          return '';
        },
        true,
      );
    },
  };
}

/** Does one piece of memory that a driver has hold the whole range? */
function isDrivers(s: Session, phys: number, size: number): boolean {
  const holds = (first: number, bytes: number): boolean => phys >= first && phys + size <= first + bytes;
  if (s.buffers.some((b) => !b.freed && holds(b.phys, b.size))) return true;
  return s.ledger.live().some((h) => 'pages' in h && h.pages.some((page) => holds(page, PAGE_SIZE)));
}

type Unmap = readonly [dev: unknown, addr: unknown, size: unknown, dir: unknown, attrs?: unknown];
const withAttrs = (a: Unmap): readonly [unknown, unknown, unknown, unknown, unknown] => [
  a[0],
  a[1],
  a[2],
  a[3],
  a[4],
];
