/** A device as a scenario holds it: what it reads and writes at bus addresses that it was given. */
import type { Device, DeviceProperties, Simulator } from './api.ts';
import { busAddress, show, whole } from './check.ts';
import { deviceRead, deviceWrite } from './cpu.ts';
import { nearestTo } from './errors.ts';
import { printable, takesTurns, textOf } from './holdings.ts';
import { takePages, textBytes } from './memory.ts';
import type { DeviceRecord, Session } from './session.ts';
import { hex } from './words.ts';

const PROPERTIES: readonly (keyof DeviceProperties)[] = [
  'mask',
  'coherent_mask',
  'coherent',
  'trusted',
  'min_align_mask',
  'seg_boundary_mask',
];
/** The safety properties tell drivers apart by one digit. */
const MOST = 10;

export function deviceCalls(s: Session): Pick<Simulator, 'device'> {
  return {
    device: (name, properties = {}) => {
      if (typeof name !== 'string' || name === '') s.mistake(`device: ${show(name)} is no name`);
      if (s.devices.some((d) => d.name === name)) s.mistake(`device: there is a device '${name}' already`);
      if (s.devices.length === MOST)
        s.mistake(`device: there are ${MOST} already, which is all there can be`);
      for (const key of Object.keys(properties))
        if (!(PROPERTIES as readonly string[]).includes(key))
          s.mistake(
            `device: '${key}' is no property; accepted: ${PROPERTIES.join(', ')}${nearestTo(key, PROPERTIES)}`,
          );
      const record = addDevice(s, name, properties);
      s.devices.push(record);
      return handle(s, record);
    },
  };
}

/** The simulator has one or two devices from the boot; more are made like the last of them. */
function addDevice(s: Session, name: string, p: DeviceProperties): DeviceRecord {
  const { state } = s.kernel;
  const id = s.devices.length;
  const like = state.devices[Math.min(id, state.devices.length - 1)]!;
  const mask = p.mask ?? like.dma_mask_bits;
  state.devices[id] = {
    ...like,
    id,
    transient: 0,
    dma_mask_bits: whole(s, 'device', 'mask', mask, 1, 64),
    coherent_mask_bits: whole(
      s,
      'device',
      'coherent_mask',
      p.coherent_mask ?? p.mask ?? like.coherent_mask_bits,
      1,
      64,
    ),
    coherent: p.coherent ?? like.coherent,
    trusted: p.trusted ?? like.trusted,
    min_align_mask: whole(s, 'device', 'min_align_mask', p.min_align_mask ?? like.min_align_mask, 0, 0xffff),
    seg_boundary_mask: whole(
      s,
      'device',
      'seg_boundary_mask',
      p.seg_boundary_mask ?? like.seg_boundary_mask,
      0xfff,
      Number.MAX_SAFE_INTEGER,
    ),
  };
  const task = `driver/${id}`;
  if (!s.kernel.hasTask(task)) {
    const i = state.tasks.findIndex((t) => t.name > task);
    state.tasks.splice(i < 0 ? state.tasks.length : i, 0, {
      name: task,
      cpu: id % 2,
      context: 'process',
      rcu: 0,
      stack: [],
      pending: null,
    });
  }
  // Every driver thread has its entry, with a buffer of its own that scenarios do not use.
  const known = state.drivers[id];
  const buffer = known === undefined ? takePages(s, 1) : known.buffer;
  state.drivers[id] = { ...state.drivers[0]!, device: id, buffer, allocations: [] };
  return { name, id, task, boundTo: null };
}

function handle(s: Session, d: DeviceRecord): Device {
  const holder = (call: string, dma_addr: unknown, size: number) => {
    const dma = busAddress(s, call, dma_addr);
    const held = s.ledger.at(d.name, dma);
    if (held === undefined)
      return s.mistake(`${d.name}.${call}: ${d.name} was not given ${hex(dma)}, or not any more`);
    if (dma + size > held.dma + held.size)
      return s.mistake(
        `${d.name}.${call}: ${size} bytes at ${hex(dma)} go beyond the end of what ${held.api} gave (${held.size} bytes)`,
      );
    if (held.attrs.split('|').includes('MMIO'))
      return s.mistake(`${d.name}.${call}: ${hex(dma)} names registers, which are not simulated`);
    const forbidden = call === 'read' ? 'DMA_FROM_DEVICE' : 'DMA_TO_DEVICE';
    if (held.dir === forbidden) return s.mistake(`${d.name}.${call}: ${hex(dma)} was mapped ${forbidden}`);
    if ('owner' in held && held.owner === 'cpu' && takesTurns(held))
      return s.mistake(
        `${d.name}.${call}: the CPU owns this memory since dma_sync_single_for_cpu(); call dma_sync_single_for_device() first`,
      );
    return { dma, held };
  };
  return {
    name: d.name,
    read: (dma_addr, size) => {
      const { dma, held } = holder('read', dma_addr, whole(s, `${d.name}.read`, 'size', size, 1, 2 ** 22));
      return s.step(
        d.name,
        `device reads ${size} bytes at ${hex(dma)}`,
        (row) => {
          const got = deviceRead(s.kernel, d.id, dma, size);
          s.judge.arrived();
          if ('because' in got) {
            const because = `the device cannot read ${hex(got.addr)}: ${got.because}`;
            s.judge.say(row, 'data-arrives', because, held.api);
            return null;
          }
          const wanted = held.view?.slice(dma - held.dma, dma - held.dma + size);
          if (wanted?.some((b, n) => b !== got.bytes[n]) === true) {
            const because = `the device reads other bytes at ${hex(dma)} than the CPU wrote`;
            s.judge.say(row, 'data-arrives', because, held.api);
          }
          return textOf(got.bytes);
        },
        (text) => (text === null ? 'no access' : `'${printable(text)}'`),
      );
    },
    write: (dma_addr, text) => {
      const bytes = textBytes(s, text);
      const { dma, held } = holder('write', dma_addr, bytes.length);
      return s.step(
        d.name,
        `device writes '${printable(text)}' at ${hex(dma)}`,
        (row) => {
          const done = deviceWrite(s.kernel, d.id, dma, bytes);
          if ('because' in done) {
            const because = `the device cannot write ${hex(done.addr)}: ${done.because}`;
            s.judge.say(row, 'data-arrives', because, held.api);
            return false;
          }
          held.view?.splice(dma - held.dma, bytes.length, ...bytes);
          if ('written' in held) for (const n of bytes.keys()) held.written.add(dma - held.dma + n);
          return true;
        },
        (ok) => (ok ? '' : 'no access'),
      );
    },
  };
}
