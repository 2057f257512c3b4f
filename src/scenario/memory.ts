/** `kmalloc()`, `alloc_pages()` and what the CPU does with memory. */
import { PAGE_SIZE, pageIndex, phys_to_virt, setPage } from '../kernel/memory.ts';
import { get_order, giveBlock, hasBlock, takeBlock, type Zone } from '../kernel/page-alloc.ts';
import type { DmaPages, Memory, Simulator } from './api.ts';
import { gfp, show, whole } from './check.ts';
import { cpuRead, cpuWrite } from './cpu.ts';
import {
  type Allocation,
  type Buffer,
  bytesOf,
  type Mapping,
  printable,
  takesTurns,
  textOf,
} from './holdings.ts';
import type { Session } from './session.ts';
import { hex } from './words.ts';

/** Largest block of the page allocator. */
const LARGEST = PAGE_SIZE * 2 ** 10;

export function memoryCalls(
  s: Session,
): Pick<Simulator, 'kmalloc' | 'kfree' | 'alloc_pages' | '__free_pages'> {
  const take = (api: string, what: string, size: number, order: number, flags: unknown): Memory => {
    const { zone } = gfp(s, what, flags);
    if (!hasBlock(s.kernel.state.buddy, order, zone))
      s.mistake(
        `${what}: no free block of ${PAGE_SIZE * 2 ** order} bytes is left; raise sizes.ordinaryPages`,
      );
    return s.step(
      '',
      what,
      () => {
        const phys = takePages(s, order, zone);
        const first = pageIndex(s.kernel.state.memory, phys);
        for (let n = 0; n < 2 ** order; n++) setPage(s.kernel.state.memory, first + n, []);
        const buffer: Buffer = { phys, addr: phys_to_virt(phys), size, order, api, freed: false };
        s.buffers.push(buffer);
        return handle(s, buffer);
      },
      (m) => hex(m.addr),
    );
  };
  const give = (api: string, undoes: string, mem: Memory, order?: number): void => {
    const b = bufferOf(s, api, mem);
    if (b.freed) s.mistake(`${api}(${hex(b.addr)}): this memory was freed already`);
    if (b.api !== undoes) s.mistake(`${api}(${hex(b.addr)}): this memory is from ${b.api}`);
    if (order !== undefined && order !== b.order)
      s.mistake(`${api}(${hex(b.addr)}): allocated with order ${b.order}, freed with ${order}`);
    const end = b.phys + PAGE_SIZE * 2 ** b.order;
    for (const m of s.ledger.live())
      if ('phys' in m && m.phys < end && b.phys < m.phys + m.size)
        s.mistake(`${api}(${hex(b.addr)}): it is still mapped for ${m.device} (${m.api}${lineOf(m)})`);
    s.step('', `${api}(${hex(b.addr)})`, (row) => {
      b.freed = true;
      const wrong = giveBlock(s.kernel.state.buddy, s.kernel.state.memory, b.phys, b.order);
      if (wrong !== null) s.judge.say(row, 'one-owner', `page ${hex(b.phys)}: ${wrong}`, api);
    });
  };
  return {
    kmalloc: (size, flags = 'GFP_KERNEL') => {
      whole(s, 'kmalloc', 'size', size, 1, LARGEST);
      return take('kmalloc', `kmalloc(${size})`, size, get_order(size), flags);
    },
    kfree: (mem) => give('kfree', 'kmalloc', mem),
    alloc_pages: (flags, order) => {
      whole(s, 'alloc_pages', 'order', order, 0, 10);
      return take('alloc_pages', `alloc_pages(${order})`, PAGE_SIZE * 2 ** order, order, flags);
    },
    __free_pages: (mem, order) => {
      whole(s, '__free_pages', 'order', order, 0, 10);
      give('__free_pages', 'alloc_pages', mem, order);
    },
  };
}

/** Pages that are no longer the allocator's business until they come back. Physical address; there must be some. */
export function takePages(s: Session, order: number, zone: Zone = 'normal'): number {
  const { buddy } = s.kernel.state;
  const phys = takeBlock(buddy, order, zone);
  for (let i = 0; i < buddy.used.length; i += 2)
    if (buddy.used[i] === phys / PAGE_SIZE) buddy.used.splice(i, 2);
  return phys;
}

/** The buffer that a handle stands for. */
export function bufferOf(s: Session, call: string, mem: unknown): Buffer {
  if (mem === null || mem === undefined) return s.stopAt('NULL');
  const addr = (mem as { addr?: unknown }).addr;
  const found = s.buffers.filter((b) => b.addr === addr).at(-1);
  return found ?? s.mistake(`${call}: ${show(mem)} is no memory from kmalloc() or alloc_pages()`);
}

const lineOf = (held: Mapping | Allocation): string => (held.at === null ? '' : ` on line ${held.at.line}`);

function handle(s: Session, b: Buffer): Memory {
  const check = (call: string, size: number, offset: number): void => {
    if (b.freed) s.mistake(`${call}: this memory was freed already`);
    inside(s, call, b.size, size, offset);
    for (const m of s.ledger.live()) {
      if (!('phys' in m) || m.owner === 'cpu' || !takesTurns(m)) continue;
      const touches = m.phys < b.phys + offset + size && b.phys + offset < m.phys + m.size;
      if (touches && !(call === 'read' && m.dir === 'DMA_TO_DEVICE'))
        s.mistake(
          `${call}: ${m.device} owns this memory since ${m.api}${lineOf(m)}; unmap it, or call dma_sync_single_for_cpu() first`,
        );
    }
  };
  return {
    addr: b.addr,
    phys: b.phys,
    size: b.size,
    write: (text, offset = 0) => {
      const bytes = textBytes(s, text);
      check('write', bytes.length, offset);
      s.step('', `write(${hex(b.addr + offset)}, '${printable(text)}')`, (row) => {
        const done = cpuWrite(s.kernel, b.addr + offset, bytes);
        if ('because' in done)
          s.judge.say(row, 'data-arrives', `the CPU cannot write ${hex(done.addr)}: ${done.because}`, b.api);
      });
    },
    read: (size, offset = 0) => {
      check('read', whole(s, 'read', 'size', size, 1, LARGEST), offset);
      return readText(s, b.addr + offset, size, b.api);
    },
  };
}

/** The CPU's side of allocated memory. */
export function allocationAccess(s: Session, a: Allocation): Pick<DmaPages, 'read' | 'write'> {
  const check = (call: string, size: number, offset: number): void => {
    if (a.ended)
      s.mistake(
        `${call}: this memory was freed already${a.endedAt === null ? '' : ` on line ${a.endedAt.line}`}`,
      );
    if (a.vaddr === 0)
      s.mistake(`${call}: this memory has no kernel mapping (DMA_ATTR_NO_KERNEL_MAPPING${lineOf(a)})`);
    inside(s, call, a.size, size, offset);
  };
  return {
    write: (text, offset = 0) => {
      const bytes = textBytes(s, text);
      check('write', bytes.length, offset);
      s.step(a.device, `write(${hex(a.vaddr + offset)}, '${printable(text)}')`, (row) => {
        const done = cpuWrite(s.kernel, a.vaddr + offset, bytes);
        a.view.splice(offset, bytes.length, ...bytes);
        if ('because' in done)
          s.judge.say(row, 'data-arrives', `the CPU cannot write ${hex(done.addr)}: ${done.because}`, a.api);
      });
    },
    read: (size, offset = 0) => {
      check('read', whole(s, 'read', 'size', size, 1, LARGEST), offset);
      return readText(s, a.vaddr + offset, size, a.api, a.view.slice(offset, offset + size));
    },
  };
}

/** @param wanted what the CPU must find, where that is known */
function readText(s: Session, vaddr: number, size: number, api: string, wanted?: readonly number[]): string {
  return s.step(
    '',
    `read(${hex(vaddr)}, ${size})`,
    (row) => {
      const got = cpuRead(s.kernel, vaddr, size);
      s.judge.arrived();
      if ('because' in got) {
        s.judge.say(row, 'data-arrives', `the CPU cannot read ${hex(got.addr)}: ${got.because}`, api);
        return '\0'.repeat(size);
      }
      if (wanted?.some((b, n) => b !== got.bytes[n]) === true)
        s.judge.say(row, 'data-arrives', `the CPU reads other bytes at ${hex(vaddr)} than were written`, api);
      return textOf(got.bytes);
    },
    (text) => `'${printable(text)}'`,
  );
}

function inside(s: Session, call: string, has: number, size: number, offset: number): void {
  whole(s, call, 'offset', offset, 0, has - 1);
  if (offset + size > has)
    s.mistake(`${call}: ${size} bytes at ${offset} go beyond the end of the memory, which has ${has}`);
}

/** The bytes of a text that a scenario gives. */
export function textBytes(s: Session, text: unknown): number[] {
  const bytes = typeof text === 'string' && text !== '' ? bytesOf(text) : null;
  return bytes ?? s.mistake(`write: ${show(text)} is no text of one-byte characters`);
}
