/** How properties look at local states. */

import { matchesState, type StateValue } from 'xstate';
import { valueText } from '../../src/lts/state-text.ts';
import type { GlobalEvent, LocalState } from '../../src/lts/types.ts';

/** Whether a local state is, or lies in, the state at a dotted path. */
export const isIn = (state: LocalState, path: string): boolean =>
  matchesState(path, state.value as StateValue);
export const anyOf = (state: LocalState, ...paths: string[]): boolean =>
  paths.some((path) => isIn(state, path));
export const contextOf = (state: LocalState): Readonly<Record<string, unknown>> =>
  state.context as Readonly<Record<string, unknown>>;

/** Events of these types. */
export const typed =
  (...types: string[]) =>
  (event: GlobalEvent): boolean =>
    types.includes(event.type);

/** Of a `page`: what it holds can be read by the host, or only by the guest; neither is uncertain. */
export const isShared = (page: LocalState): boolean => anyOf(page, 'swiotlb.shared', 'lent.shared');
export const isPrivate = (page: LocalState): boolean => anyOf(page, 'swiotlb.private', 'lent.private');
/** The states of pages, for a sentence. */
export const pagesText = (pages: readonly LocalState[]): string =>
  pages.map((page) => valueText(page.value)).join(' and ');
