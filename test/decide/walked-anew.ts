/** A map decision made from scratch: nothing is remembered from one request to the next. */
import { MapDecisions, type MapRequest } from '../../src/decide/map-table.ts';
import type { Setting } from '../../src/decide/row.ts';

export const walkedAnew = (setting: Setting, request: MapRequest) => new MapDecisions().in(setting)(request);
