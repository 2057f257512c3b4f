/** Requests that workloads are made of. */
import type { Args, Stimulus, StimulusName } from '../../kernel/steps.ts';

export const op = (name: StimulusName, args: Args = {}): Stimulus => ({ name, args });

export type Context = 'process' | 'atomic';

/** A driver maps its whole buffer. */
export const map = (driver: number, context: Context, boundary: 'wide' | 'narrow' = 'wide'): Stimulus =>
  op('map', { driver, context, boundary, bytes: 8192 });

/** A driver maps with attributes, a direction, or another size. */
export const mapWith = (driver: number, context: Context, more: Args): Stimulus =>
  op('map', { driver, context, boundary: 'wide', bytes: 8192, ...more });

/** A driver unmaps. */
export const unmap = (driver: number, context: Context): Stimulus => op('unmap', { driver, context });

/** The device writes to a driver's mapping. */
export const deviceWrite = (driver: number): Stimulus => op('deviceWrite', { driver });

/** The reader looks up an address of no pool. */
export const lookUp = op('find_pool', { reader: 1 });

/** `dma_alloc_attrs()`. */
export const alloc = (driver: number, context: Context, attrs = '', bytes = 8192): Stimulus =>
  op('alloc', { driver, fn: 'dma_alloc_attrs', context, bytes, attrs });

/** `dma_alloc_pages()`. */
export const allocPages = (driver: number, context: Context, bytes = 8192): Stimulus =>
  op('alloc', { driver, fn: 'dma_alloc_pages', context, bytes, attrs: '' });

/** `dma_free_attrs()` or `dma_free_pages()` of what the driver has had longest. */
export const free = (driver: number, context: Context): Stimulus => op('free', { driver, context });

/** A device is accepted. */
export const accept = (device: number): Stimulus => op('accept', { device });

/** A driver sets the coherent mask of its device. */
export const setCoherentMask = (device: number, bits: number): Stimulus =>
  op('set_coherent_mask', { device, bits });
