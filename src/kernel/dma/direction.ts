/** Which way the data of a mapping goes (`enum dma_data_direction`). */

/** Direction of a mapping, as the CPU sees it. */
export type DmaDirection = 'TO_DEVICE' | 'FROM_DEVICE' | 'BIDIRECTIONAL';

/** All directions. */
export const DMA_DIRECTIONS: readonly DmaDirection[] = ['TO_DEVICE', 'FROM_DEVICE', 'BIDIRECTIONAL'];

/** The device may read what the CPU wrote. */
export function deviceMayRead(dir: DmaDirection): boolean {
  return dir !== 'FROM_DEVICE';
}

/** The device may write what the CPU will read. */
export function deviceMayWrite(dir: DmaDirection): boolean {
  return dir !== 'TO_DEVICE';
}
