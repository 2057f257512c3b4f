/** Workloads in which what a device can reach changes while it holds memory. */
import { accept, alloc, allocPages, deviceWrite, free, map, setCoherentMask, unmap } from './requests.ts';
import type { Workload } from './types.ts';

const accepting: Workload['applies'] = ({ acceptsDevices }, { device }) =>
  acceptsDevices && device === 'untrusted';
const byMask: Workload['applies'] = ({ forces }) => forces === 'by-mask';
const SMALL = { defaultAreas: 1, defaultPoolFull: false, ordinaryPages: 128 } as const;

const whileHeld = (name: string, about: string, ops: Workload['threads'][number]['ops']): Workload => ({
  name,
  when: 'matrix',
  about,
  sizes: SMALL,
  applies: accepting,
  threads: [
    { thread: 'driver/0', ops },
    { thread: 'tsm', ops: [accept(0)] },
  ],
  works: [],
});

const masked = (name: string, about: string, ops: Workload['threads'][number]['ops']): Workload => ({
  name,
  when: 'matrix',
  about,
  sizes: SMALL,
  applies: byMask,
  threads: [{ thread: 'driver/0', ops }],
  works: [],
});

export const CHANGING_DEVICE: readonly Workload[] = [
  whileHeld('accept-alloc', 'A device is accepted at any moment between allocation and free.', [
    alloc(0, 'process'),
    free(0, 'process'),
  ]),
  whileHeld('accept-alloc-atomic', 'The same with memory of the atomic pool.', [
    alloc(0, 'atomic'),
    free(0, 'process'),
  ]),
  whileHeld('accept-alloc-pages', 'The same with dma_alloc_pages.', [
    allocPages(0, 'process'),
    free(0, 'process'),
  ]),
  whileHeld('accept-map', 'A device is accepted at any moment of a mapping.', [
    map(0, 'process'),
    deviceWrite(0),
    unmap(0, 'process'),
  ]),
  masked(
    'mask-shrinks',
    'A driver allocates, then narrows its coherent mask, which makes the device a forced one, and frees.',
    [alloc(0, 'process'), setCoherentMask(0, 32), free(0, 'process')],
  ),
  masked(
    'mask-grows',
    'A driver allocates with the narrow mask that devices start with, then widens it, and frees.',
    [setCoherentMask(0, 32), alloc(0, 'process'), setCoherentMask(0, 64), free(0, 'process')],
  ),
  masked('mask-narrow', 'A device that is forced by its mask allocates in either context, and maps.', [
    setCoherentMask(0, 32),
    alloc(0, 'process'),
    free(0, 'process'),
    alloc(0, 'atomic'),
    free(0, 'process'),
    map(0, 'process'),
    deviceWrite(0),
    unmap(0, 'process'),
  ]),
];
