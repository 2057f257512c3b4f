/** Requests of the streaming API, as the layers below the entry points pass them on. */
import type { DmaDirection } from './direction.ts';

/** What shall be mapped. */
export interface MapRequest {
  /** Number of the device. */
  readonly dev: number;
  readonly phys: number;
  readonly bytes: number;
  readonly dir: DmaDirection;
  /** See `attrs.ts`. */
  readonly attrs: string;
  /** Segment boundary mask to use instead of the device's own. */
  readonly boundary?: number;
}

/** What shall be synced. */
export interface SyncRequest {
  readonly dev: number;
  /** Bus address, within a mapping. */
  readonly dma: number;
  readonly bytes: number;
  readonly dir: DmaDirection;
}

/** What shall be unmapped. */
export interface UnmapRequest extends SyncRequest {
  readonly attrs: string;
}
