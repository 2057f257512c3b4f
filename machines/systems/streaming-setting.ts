/** What the answers of the map decision make of the system `streaming`: who bounces, and so what can happen at all. */
import type { Params } from '../../src/lts/types.ts';
import type { SystemFacts } from '../facts.ts';
import type { Replace } from '../machine-file.ts';
import { mapRequest } from '../map-request.ts';
import { type MapAnswer, mapAnswers } from './map-answers.ts';

export interface StreamingSetting {
  /** Of a request of `dma_map_phys`. */
  answerTo(request: Params): MapAnswer;
  /** Of the elements of a list whose second is of a size: whether each is refused, mapped directly, or bounced. */
  listAnswer(second: string): { readonly first: Goes; readonly second: Goes };
  /** Buffers that ever have a slot. */
  readonly slotted: readonly Buffer[];
}
export type Goes = 'refused' | 'direct' | 'bounced';

/** The buffers, and whose they are. */
export const OWNER = { M: 'driver', S0: 'other', S1: 'other' } as const;
export type Buffer = keyof typeof OWNER;

export const SIZES = ['fits', 'too-large'] as const;

/** Every request of `dma_map_phys` but for the direction, which decides nothing. */
export function requests(): { readonly attrs: string; readonly size: string }[] {
  const { attrs } = mapRequest.alphabet.dma_map_phys!.params as Record<string, readonly string[]>;
  return attrs!.flatMap((each) => SIZES.map((size) => ({ attrs: each, size })));
}

const inPool = ({ place }: MapAnswer) => place === 'pool' || place === 'far-pool';

export function streamingSetting(
  patches: ReadonlySet<number>,
  facts: SystemFacts,
  replace?: Replace,
): StreamingSetting {
  const answer = mapAnswers(patches, facts, replace);
  const known = new Map(requests().map(({ attrs, size }) => [`${attrs} ${size}`, answer({ attrs, size })]));
  const answerTo = ({ attrs, size }: Params) => known.get(`${attrs} ${size}`)!;
  const ofList = (size: string) => answerTo({ attrs: 'none', size });
  const goes = (one: MapAnswer): Goes =>
    one.place === 'pool' ? 'bounced' : one.place === 'refused' ? 'refused' : 'direct';
  const listAnswer = (second: string) => {
    const first = ofList('fits');
    // A slot out of reach is taken, filled and given back, as is one whose successor cannot be mapped.
    if (first.place === 'far-pool') return { first: 'bounced', second: 'refused' } as const;
    return { first: goes(first), second: goes(second === 'fits' ? first : ofList(second)) };
  };
  const lists = SIZES.map(listAnswer);
  return {
    answerTo,
    listAnswer,
    slotted: [
      ...([...known.values()].some(inPool) ? (['M'] as const) : []),
      ...(lists.some(({ first }) => first === 'bounced') ? (['S0'] as const) : []),
      ...(lists.some(({ first, second }) => first === 'bounced' && second === 'bounced')
        ? (['S1'] as const)
        : []),
    ],
  };
}
