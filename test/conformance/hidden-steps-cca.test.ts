import { expectLateHiddenSteps } from './expect-late-hidden-steps.ts';

expectLateHiddenSteps('cca');
