import { expectLateHiddenSteps } from '../conformance/expect-late-hidden-steps.ts';

for (const platform of ['cca', 'pkvm']) {
  expectLateHiddenSteps(platform, 'allocation', 10);
  expectLateHiddenSteps(platform, 'allocation-pages', 10);
}
