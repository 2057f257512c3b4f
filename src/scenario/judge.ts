/**
 * Properties of what the scenario itself holds, judged after every call: the bus addresses that devices were
 * given, the buffers that nobody asked to share, and the bytes that must have arrived.
 */
import type { SafetyName, Violation } from '../conformance/safety-names.ts';
import { deviceFault } from '../kernel/device.ts';
import { PAGE_SIZE, pageIndex } from '../kernel/memory.ts';
import { isFree } from '../kernel/page-alloc.ts';
import type { Row, Session } from './session.ts';
import { hex } from './words.ts';

/** Judges one run. */
export class Judge {
  readonly #session: Session;
  readonly #standing = new Set<string>();
  readonly #seen = new Set<SafetyName>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Properties that had something to be judged by. */
  seen(): ReadonlySet<SafetyName> {
    return this.#seen;
  }

  /** A property that a call made false. */
  say(row: Row, property: SafetyName, because: string, site: string): void {
    row.violations.push({ property, because, site });
  }

  /** Bytes were compared that had to have arrived. */
  arrived(): void {
    this.#seen.add('data-arrives');
  }

  /** What became false with this call. */
  after(row: Row): void {
    const now = new Map<string, Violation>();
    this.#addresses(now);
    this.#buffers(now);
    for (const [subject, violation] of now) {
      if (this.#standing.has(subject)) continue;
      // The monitor of the simulator may have said it already.
      if (!row.violations.some((v) => v.property === violation.property)) row.violations.push(violation);
    }
    this.#standing.clear();
    for (const subject of now.keys()) this.#standing.add(subject);
  }

  #addresses(now: Map<string, Violation>): void {
    const { ledger, devices, kernel } = this.#session;
    for (const held of ledger.live()) {
      // The monitor of the simulator judges what was allocated.
      if (!('phys' in held)) continue;
      const device = devices.find((d) => d.name === held.device)!;
      // The registers of a device are nobody's memory.
      if (held.attrs.includes('MMIO')) continue;
      this.#seen.add('address-matches-memory').add('device-can-reach');
      for (let offset = 0; offset < held.size; offset += PAGE_SIZE) {
        const because = deviceFault(kernel, device.id, held.dma + offset);
        if (because === null) continue;
        const property = because.startsWith('the address says')
          ? 'address-matches-memory'
          : 'device-can-reach';
        const subject = `${property} ${held.device} ${held.dma + offset}`;
        now.set(subject, {
          property,
          because: `${hex(held.dma + offset)} of ${held.device} (${held.api}): ${because}`,
          site: held.api,
        });
        break;
      }
    }
  }

  #buffers(now: Map<string, Violation>): void {
    const { buffers, kernel } = this.#session;
    const { memory, buddy } = kernel.state;
    for (const b of buffers) {
      if (b.freed) continue;
      this.#seen.add('no-exposure');
      for (let phys = b.phys; phys < b.phys + PAGE_SIZE * 2 ** b.order; phys += PAGE_SIZE) {
        if (memory.codes[pageIndex(memory, phys)] !== 0)
          now.set(`no-exposure ${phys}`, {
            property: 'no-exposure',
            because: `page ${hex(phys)} of memory from ${b.api} is not private any more`,
            site: b.api,
          });
        if (isFree(buddy, phys))
          now.set(`one-owner ${phys}`, {
            property: 'one-owner',
            because: `page ${hex(phys)} of memory from ${b.api} is free, and the driver still has it`,
            site: b.api,
          });
      }
    }
  }
}
