/**
 * What each driver was given and has to give back, kept beside the simulator: a driver's mistake is found here
 * and never reaches the kernel code.
 */
import type { Position } from './errors.ts';
import { hex } from './words.ts';

/** What a free must fit: kinds of handle that the kernel's own debugging tells apart as well. */
export type Kind = 'mapping' | 'list' | 'coherent' | 'pages';

/** How a message speaks of each kind. */
const WORDS: Readonly<
  Record<Kind, { readonly made: string; readonly ended: string; readonly undo: readonly string[] }>
> = {
  mapping: {
    made: 'mapped',
    ended: 'unmapped',
    undo: ['dma_unmap_single', 'dma_unmap_page', 'dma_unmap_phys'],
  },
  list: { made: 'mapped', ended: 'unmapped', undo: ['dma_unmap_sg'] },
  coherent: { made: 'allocated', ended: 'freed', undo: ['dma_free_coherent', 'dma_free_attrs'] },
  pages: { made: 'allocated', ended: 'freed', undo: ['dma_free_pages'] },
};

/** Something that a driver holds, or held. */
export interface Held {
  readonly kind: Kind;
  /** The call that made it. */
  readonly api: string;
  readonly device: string;
  readonly dma: number;
  readonly size: number;
  readonly dir: string;
  readonly attrs: string;
  /** CPU address or page that the driver was given; 0: none. */
  readonly cpu: number;
  readonly at: Position | null;
  /** The driver gave it back. */
  ended: boolean;
  endedAt: Position | null;
}

/** What a call says about the thing that it gives back or syncs. */
export interface Claimed {
  readonly kind: Kind;
  readonly device: string;
  readonly dma: number;
  readonly size?: number;
  readonly dir?: string;
  readonly attrs?: string;
  readonly cpu?: number;
}

const line = (at: Position | null): string => (at === null ? '' : ` on line ${at.line}`);

/** All that drivers hold and held. */
export class Ledger<T extends Held> {
  readonly #all: T[] = [];

  add(held: T): T {
    this.#all.push(held);
    return held;
  }

  /** Marks as given back. */
  end(held: T, at: Position | null): void {
    held.ended = true;
    held.endedAt = at;
  }

  /** What is or was held, oldest first. */
  all(): readonly T[] {
    return this.#all;
  }

  /** What is held now, oldest first. */
  live(): T[] {
    return this.#all.filter((h) => !h.ended);
  }

  /** What holds this bus address of a device now. */
  at(device: string, dma: number): T | undefined {
    return this.live().find((h) => h.device === device && dma >= h.dma && dma < h.dma + h.size);
  }

  /**
   * The thing that a free, an unmap or a sync means.
   * @param within the address may lie inside (a sync)
   * @returns it, or why the call is a driver's mistake
   */
  find(claimed: Claimed, within = false): T | string {
    const { kind, device, dma } = claimed;
    const words = WORDS[kind];
    const hits = (h: T): boolean => h.dma === dma || (within && dma > h.dma && dma < h.dma + h.size);
    const live = this.live().filter(hits);
    const own = live.find((h) => h.device === device && h.kind === kind);
    if (own !== undefined) return within ? own : (this.#wrong(own, claimed) ?? own);
    const otherKind = live.find((h) => h.device === device);
    if (otherKind !== undefined)
      return `${hex(dma)} was made by ${otherKind.api}${line(otherKind.at)}; what undoes it is ${WORDS[otherKind.kind].undo.join(' or ')}`;
    const otherDevice = live.find((h) => h.kind === kind);
    if (otherDevice !== undefined)
      return `${hex(dma)} is of ${otherDevice.device} (${otherDevice.api}${line(otherDevice.at)}), not of ${device}`;
    const before = this.#all
      .filter(hits)
      .filter((h) => h.device === device && h.kind === kind)
      .at(-1);
    if (before !== undefined)
      return `${hex(dma)} was ${words.ended} already${line(before.endedAt)} (${words.made}${line(before.at)})`;
    return `${device} never ${words.made} ${hex(dma)}; ${this.#inventory(device, kind)}`;
  }

  #wrong(own: T, claimed: Claimed): string | null {
    const words = WORDS[own.kind];
    const differs = (what: string, made: string, now: string): string =>
      `${words.made} with ${what} ${made}${line(own.at)}, ${words.ended} with ${now}`;
    if (claimed.size !== undefined && claimed.size !== own.size)
      return differs('size', `${own.size}`, `${claimed.size}`);
    if (claimed.dir !== undefined && claimed.dir !== own.dir)
      return differs('direction', own.dir, claimed.dir);
    if (claimed.cpu !== undefined && claimed.cpu !== own.cpu)
      return differs(own.kind === 'pages' ? 'page' : 'CPU address', hex(own.cpu), hex(claimed.cpu));
    if (claimed.attrs !== undefined && cookie(claimed.attrs) !== cookie(own.attrs))
      return differs('attributes', own.attrs || 'none', claimed.attrs || 'none');
    return null;
  }

  #inventory(device: string, kind: Kind): string {
    const have = this.live().filter((h) => h.device === device && h.kind === kind);
    if (have.length === 0) return `nothing is ${WORDS[kind].made} for it now`;
    return `${WORDS[kind].made} for it now: ${have.map((h) => `${hex(h.dma)} (${h.size} bytes${line(h.at)})`).join(', ')}`;
  }
}

/** Only this attribute must be the same again: it decides what the CPU address is. */
const cookie = (attrs: string): boolean => attrs.split('|').includes('NO_KERNEL_MAPPING');
