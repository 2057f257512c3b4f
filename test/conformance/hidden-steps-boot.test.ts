import { expectLateHiddenSteps } from './expect-late-hidden-steps.ts';

for (const platform of ['cca', 'pkvm', 's390-pv']) expectLateHiddenSteps(platform, 'boot', 10);
