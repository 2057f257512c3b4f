/** Arguments of a scenario's calls: what is wrong with one, in the words of whoever reads kernel code. */
import { DMA_ATTRS, hasAttr } from '../kernel/dma/attrs.ts';
import { nearestTo } from './errors.ts';
import { printable } from './holdings.ts';
import type { DeviceRecord, Session } from './session.ts';

const DIRECTIONS = ['DMA_TO_DEVICE', 'DMA_FROM_DEVICE', 'DMA_BIDIRECTIONAL'];
const GFP = ['GFP_KERNEL', 'GFP_ATOMIC', 'GFP_NOWAIT', 'GFP_DMA', 'GFP_DMA32'];

/** How a value stands in a message. */
export function show(value: unknown): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return `'${printable(value)}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object') return String(value);
  const { name } = value as { name?: unknown };
  return typeof name === 'string' ? name : 'an object';
}

/** The device that a handle stands for. */
export function deviceOf(s: Session, call: string, handle: unknown): DeviceRecord {
  const found = s.devices.find((d) => (handle as { name?: unknown } | null)?.name === d.name);
  return found ?? s.mistake(`${call}: ${show(handle)} is no device; make one with device('name')`);
}

/** A whole number in a range. */
export function whole(s: Session, call: string, name: string, value: unknown, least: number, most: number) {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  return s.mistake(`${call}: ${name} is ${show(value)}; accepted: a whole number from ${least} to ${most}`);
}

/** A bus address that a call returned; DMA_MAPPING_ERROR and NULL end the run. */
export function busAddress(s: Session, call: string, value: unknown): number {
  if (value === -1) return s.stopAt('DMA_MAPPING_ERROR');
  if (value === null || value === undefined) return s.stopAt('NULL');
  return whole(s, call, 'the bus address', value, 0, Number.MAX_SAFE_INTEGER);
}

/** A direction, as the simulator names it. */
export function direction(s: Session, call: string, value: unknown): string {
  if (typeof value === 'string' && DIRECTIONS.includes(value)) return value;
  const near = typeof value === 'string' ? nearestTo(value, DIRECTIONS) : '';
  return s.mistake(`${call}: ${show(value)} is no direction; accepted: ${DIRECTIONS.join(', ')}${near}`);
}

/** Attributes, as the simulator names them: without their prefix, sorted. */
export function attributes(s: Session, call: string, value: unknown): string {
  if (value === undefined || value === '' || value === 0) return '';
  const names =
    typeof value === 'string' ? value.split('|').map((n) => n.trim().replace(/^DMA_ATTR_/, '')) : [];
  const accepted = DMA_ATTRS.map((n) => `DMA_ATTR_${n}`);
  const wrong = names.find((n) => !(DMA_ATTRS as readonly string[]).includes(n));
  if (names.length === 0 || wrong !== undefined) {
    const text = wrong === undefined ? show(value) : `DMA_ATTR_${wrong}`;
    s.mistake(
      `${call}: ${text} is no attribute; accepted: ${accepted.join(', ')}${nearestTo(text, accepted)}`,
    );
  }
  return [...new Set(names)].sort().join('|');
}

/** What a gfp mask says: may it sleep, and from which zone. */
export function gfp(s: Session, call: string, value: unknown) {
  const names = typeof value === 'string' ? value.split('|').map((n) => n.trim()) : [];
  const wrong = names.find((n) => !GFP.includes(n));
  if (names.length === 0 || wrong !== undefined) {
    const text = wrong ?? show(value);
    s.mistake(`${call}: ${text} is no gfp flag; accepted: ${GFP.join(', ')}${nearestTo(text, GFP)}`);
  }
  const mayBlock = names.includes('GFP_KERNEL');
  if (mayBlock && s.atomic)
    s.mistake(`${call}: GFP_KERNEL may sleep, and a spinlock is held (atomic()); use GFP_ATOMIC`);
  const zone: 'dma' | 'dma32' | 'normal' = names.includes('GFP_DMA')
    ? 'dma'
    : names.includes('GFP_DMA32')
      ? 'dma32'
      : 'normal';
  return { mayBlock, zone };
}

export { hasAttr };
