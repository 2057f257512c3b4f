/** The property that bytes arrive, for systems whose buffers have a `bounce-copy` each. */
import { matchesState, type StateValue } from 'xstate';
import type { GlobalEvent, LocalState, Possible, Property } from '../../src/lts/types.ts';

/**
 * `data-arrives`, with the witnesses that bytes went through a slot in both directions.
 * @param owners by buffer: who maps it. Each has an instance `copy[buffer]`
 * @param expected whether bytes must be seen to go through a slot
 */
export function dataArrives(owners: Readonly<Record<string, string>>, expected: boolean): Property[] {
  const buffers = Object.keys(owners);
  if (buffers.length === 0) return [];
  const over = buffers.map((buffer) => `copy[${buffer}]`);
  /** The buffers that an event is about: one, or all of a driver that reads what it has. */
  const meant = ({ type, params }: GlobalEvent, buffer: string): boolean =>
    type === 'cpu_read' ? params.by === owners[buffer] : params.map === buffer;
  const some = (event: GlobalEvent, copies: readonly LocalState[], state: string) =>
    copies.some((copy, i) => meant(event, buffers[i]!) && matchesState(state, copy.value as StateValue));
  const witness = (doc: string, rest: Pick<Possible, 'event' | 'over' | 'when'>): Possible => ({
    kind: 'possible',
    name: `data-arrives: ${doc}`,
    witnesses: 'data-arrives',
    doc,
    expected,
    ...rest,
  });
  const first = buffers[0]!;
  return [
    {
      kind: 'forbidden',
      name: 'data-arrives',
      doc: 'What was written last is what is read, and no copy overwrites it.',
      event: ({ type, params }) =>
        type === 'cpu_read' ||
        (buffers.includes(String(params.map)) &&
          ['device_read', 'swiotlb_bounce', 'swiotlb_release_slots'].includes(type)),
      over,
      when: (event, ...copies) => {
        const { type, params } = event;
        if (type === 'device_read') return some(event, copies, 'bufferOnly');
        if (type === 'cpu_read' || type === 'swiotlb_release_slots') return some(event, copies, 'slotOnly');
        return some(event, copies, params.dir === 'in' ? 'slotOnly' : 'bufferOnly');
      },
      because: ({ type, params }) =>
        ({
          device_read: 'the slot has not what the driver wrote',
          cpu_read: 'the buffer has not what the device wrote',
          swiotlb_release_slots: 'what the device wrote goes with the slot',
        })[type] ?? `the copy ${String(params.dir)} overwrites newer bytes`,
    },
    witness('the device reads what was copied in', {
      event: ({ type, params }) => type === 'device_read' && params.map === first,
      over: [over[0]!],
      when: (copy) => matchesState('both', copy.value as StateValue),
    }),
    witness('what the device wrote is copied out', {
      event: ({ type, params }) => type === 'swiotlb_bounce' && params.map === first && params.dir === 'out',
      over: [over[0]!],
      when: (copy) => matchesState('slotOnly', copy.value as StateValue),
    }),
  ];
}
