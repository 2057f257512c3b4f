/** What streaming mappings hold: whose turn it is, and what the device, and then the CPU, must find. */
import { hasAttr } from '../kernel/dma/attrs.ts';
import { PAGE_SIZE, sparseBytes } from '../kernel/memory.ts';
import type { Mapping } from './holdings.ts';
import type { DeviceRecord, Row, Session } from './session.ts';
import { hex } from './words.ts';

/** A mapping that was made. */
export interface New {
  readonly kind: Mapping['kind'];
  readonly api: string;
  readonly d: DeviceRecord;
  readonly dma: number;
  readonly phys: number;
  readonly size: number;
  readonly way: string;
  readonly names: string;
}

/** Notes a mapping: from here on the memory is the device's. */
export function hold(s: Session, { kind, api, d, dma, phys, size, way, names }: New): void {
  let unknown = hasAttr(names, 'SKIP_CPU_SYNC') || hasAttr(names, 'MMIO');
  for (const other of s.ledger.live()) {
    if (!('phys' in other) || other.phys >= phys + size || phys >= other.phys + other.size) continue;
    // Of memory that is mapped twice, and written, nobody can say what it holds.
    if (way === 'DMA_TO_DEVICE' && other.dir === 'DMA_TO_DEVICE') continue;
    other.view = null;
    unknown = true;
  }
  s.ledger.add({
    kind,
    api,
    device: d.name,
    dma,
    size,
    dir: way,
    attrs: names,
    cpu: 0,
    at: s.positions.here(),
    ended: false,
    endedAt: null,
    phys,
    owner: 'device',
    view: unknown ? null : content(s, phys, size),
    written: new Set(),
  });
}

/** The bytes of the driver's memory. */
function content(s: Session, phys: number, size: number): number[] {
  const bytes = new Array<number>(size).fill(0);
  for (const [offset, value] of sparseBytes(s.kernel.state.memory, phys, size)) bytes[offset] = value;
  return bytes;
}

/** The memory is the CPU's again: it must hold what the device wrote, and else what it held. */
export function arrived(s: Session, row: Row, m: Mapping, offset: number, bytes: number): void {
  if (m.view === null) return;
  s.judge.arrived();
  const now = content(s, m.phys, m.size);
  const looked = (n: number): boolean => n >= offset && n < offset + bytes;
  const wrong = now.findIndex(
    (b, n) => looked(n) && (m.written.has(n) || m.owner === 'device') && b !== m.view![n],
  );
  for (const n of [...m.written]) if (looked(n)) m.written.delete(n);
  if (wrong < 0) return;
  const page = Math.floor((m.phys + wrong) / PAGE_SIZE) * PAGE_SIZE;
  s.judge.say(
    row,
    'data-arrives',
    `byte ${wrong} of the mapping (page ${hex(page)}) is not what the ${m.dir === 'DMA_TO_DEVICE' ? 'CPU' : 'device'} wrote`,
    row.what.replace(/\(.*/, ''),
  );
}

/** The memory is the device's again: it must find what the CPU wrote, if that was to be copied. */
export function handOver(s: Session, m: Mapping, offset: number, bytes: number): void {
  if (m.view === null || m.dir === 'DMA_FROM_DEVICE') return;
  const now = content(s, m.phys, m.size);
  for (let n = offset; n < offset + bytes; n++) m.view[n] = now[n]!;
}
