import { expectLateHiddenSteps } from './expect-late-hidden-steps.ts';

expectLateHiddenSteps('pkvm', 'atomic-pools', 50);
