import { expectLateHiddenSteps } from './expect-late-hidden-steps.ts';

for (const platform of ['cca', 'tdx', 's390-pv']) expectLateHiddenSteps(platform, 'trusted', 100);
