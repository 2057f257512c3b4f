import { expectConformance } from '../conformance/expect-conformance.ts';

expectConformance({ system: 'dynamic-pools', series: 'v5', platform: 'cca', groups: 4 });
