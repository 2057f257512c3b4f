import { expectConformance } from './expect-conformance.ts';

expectConformance({ system: 'dynamic-pools', series: 'v5', platform: 'tdx', everyStep: true, groups: 4 });
