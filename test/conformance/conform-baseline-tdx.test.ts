import { expectConformance } from './expect-conformance.ts';

expectConformance({ system: 'dynamic-pools', series: 'baseline', platform: 'tdx', groups: 4 });
