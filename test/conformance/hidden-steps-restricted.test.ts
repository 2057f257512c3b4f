import { expectLateHiddenSteps } from './expect-late-hidden-steps.ts';

for (const platform of ['cca', 'pkvm']) expectLateHiddenSteps(platform, 'restricted', 50);
