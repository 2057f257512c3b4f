/**
 * Every path there and back: run on the simulated kernel, written as a log, judged; the log never says the opposite of
 * the simulator's own verdict. A share of the paths here; all of them with `npm run traces`.
 */
import { expect, test } from 'vitest';
import { SYSTEMS } from '../../machines/systems/index.ts';
import { defaultSubject } from '../../src/conformance/subject.ts';
import { BASELINE, PLATFORMS, type V5 } from '../../src/series/index.ts';
import { compare } from '../../src/trace/circle/compare.ts';
import { Circle, type RoundTrip } from '../../src/trace/circle/run.ts';
import { excuseFor } from '../../src/trace/circle/undecidable.ts';

const subject = (system: string, series: typeof V5, platform: string) =>
  defaultSubject(
    SYSTEMS.find(({ name }) => name === system)!,
    series,
    PLATFORMS.find(({ name }) => name === platform)!,
  );

const FREE_IN_SOFTIRQ = [0, 5, 7, 44, 47, 40, 8, 10, 11, 13, 17, 12, 19, 22, 35, 36, 37, 64, 68];

test('a pool freed in softirq: simulator and log find the same, at the same step', () => {
  const trip = new Circle(subject('dynamic-pools', BASELINE, 'cca')).run(FREE_IN_SOFTIRQ);
  expect(trip.found.map(({ property, step }) => `${property} ${step}`)).toEqual([
    'no-sleep-in-atomic 19',
    'free-undoes-alloc 19',
  ]);
  const violated = trip.verdict!.properties.filter(({ status }) => status === 'violated');
  expect(violated.map(({ name }) => name)).toEqual(['no-sleep-in-atomic', 'free-undoes-alloc']);
  expect(compare(trip).filter(({ agreement }) => agreement === 'same').length).toBeGreaterThan(4);
  expect(compare(trip).filter(({ agreement }) => agreement !== 'same' && agreement !== 'open')).toEqual([]);
});

/** The same run with other findings of the simulator: the comparison must notice. */
const doctored = (found: RoundTrip['found']) => {
  const trip = new Circle(subject('dynamic-pools', BASELINE, 'cca')).run(FREE_IN_SOFTIRQ);
  return compare({ ...trip, found });
};
const agreementOf = (all: ReturnType<typeof compare>, name: string) =>
  all.find(({ property }) => property === name)!.agreement;

test('a log that says violated of a run that is not, or earlier than it is, or holds of one that is not: noticed', () => {
  expect(agreementOf(doctored([]), 'no-sleep-in-atomic')).toBe('opposite');
  const late = { property: 'no-sleep-in-atomic', because: '', site: '', step: 20 } as const;
  expect(agreementOf(doctored([late]), 'no-sleep-in-atomic')).toBe('opposite');
  const exposed = { property: 'no-exposure', because: 'page', site: 'x', step: 3 } as const;
  expect(agreementOf(doctored([exposed]), 'no-exposure')).toBe('silent');
  const leaked = {
    property: 'nothing-leaks',
    because: 'nothing refers to a page',
    site: 'x',
    step: 3,
  } as const;
  expect(agreementOf(doctored([leaked]), 'nothing-leaks')).toBe('silent');
  const unused = { property: 'no-use-after-free', because: 'x', site: 'x', step: 3 } as const;
  expect(agreementOf(doctored([unused]), 'no-use-after-free')).toBe('opposite');
});

test('an entry excuses what it says, and nothing else', () => {
  const leak = { property: 'nothing-leaks', site: 'atomic_pool_expand' } as const;
  expect(
    excuseFor({ ...leak, because: 'nothing refers to pages at 0x1000 (host private)' }, 'sev'),
  ).toBeDefined();
  expect(excuseFor({ ...leak, because: 'nothing refers to a pool' }, 'sev')).toBeUndefined();
  const freed = {
    property: 'free-private',
    site: 'dma_direct_free',
    because: 'page 0x1000 of page allocator is not private: host shared',
  } as const;
  const converted = ' set_memory_encrypted: (set_memory_encrypted+0x0/0x0) addr=0x1000 numpages=1\n';
  expect(excuseFor(freed, 'ppc-svm', converted)).toBeDefined();
  expect(excuseFor(freed, 'tdx', converted)).toBeUndefined();
  // In a log where nothing is ever made private, the probe may be missing.
  expect(excuseFor(freed, 'tdx', '')).toBeDefined();
});
