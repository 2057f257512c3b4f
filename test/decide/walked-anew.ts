/** Map decisions made from scratch: nothing is remembered from one request to the next. */
import { expect } from 'vitest';
import { MapDecisions, type MapRequest, mapRequests } from '../../src/decide/map-table.ts';
import type { Setting } from '../../src/decide/row.ts';

export const walkedAnew = (setting: Setting, request: MapRequest) => new MapDecisions().in(setting)(request);

/** What is remembered over all of the settings is what each request comes to by itself. */
export function expectRememberedAsWalked(settings: readonly Setting[]): void {
  const decisions = new MapDecisions();
  for (const one of settings) {
    const decide = decisions.in(one);
    for (const request of mapRequests())
      expect(decide(request), JSON.stringify(request)).toEqual(walkedAnew(one, request));
  }
}
