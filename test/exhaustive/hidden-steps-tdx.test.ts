import { expectLateHiddenSteps } from '../conformance/expect-late-hidden-steps.ts';

expectLateHiddenSteps('tdx');
