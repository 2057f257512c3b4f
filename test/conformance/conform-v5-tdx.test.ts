import { expectConformance } from './expect-conformance.ts';

// When a transition is taken for the first time; `ccdma conform`, in CI, compares after every step.
expectConformance({ system: 'dynamic-pools', series: 'v5', platform: 'tdx', groups: 4 });
