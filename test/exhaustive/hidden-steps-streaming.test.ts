import { expectLateHiddenSteps } from '../conformance/expect-late-hidden-steps.ts';

for (const platform of ['cca', 'pkvm', 'plain']) expectLateHiddenSteps(platform, 'streaming', 10);
