import { expectLateHiddenSteps } from './expect-late-hidden-steps.ts';

expectLateHiddenSteps('pkvm', 'restricted-init', 50);
