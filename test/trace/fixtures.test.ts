/** Every line of every log among the fixtures is read, or explained by what is known about the file. */
import { expect, test } from 'vitest';
import { Pairing } from '../../src/trace/index.ts';
import { fixtureLogs, readFixture } from './read.ts';

/** Losses that the files really have; of the others, none. */
const expected: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'linux-7.3/overrun.txt.gz': { overrun: 1, 'buffer-started': 1 },
  // A serial console's copy: a script's notes, and lines cut at a column.
  'linux-7.3/probe-skew.txt.gz': { truncated: 6, foreign: 10 },
};

const logs = fixtureLogs();

test('all logs are there', () => {
  expect(logs).toHaveLength(34);
});

test.each(logs)('%s has no unexplained line', async (name) => {
  const { records, losses, summary } = await readFixture(name);
  const counted = Object.fromEntries(Object.entries(summary.losses).filter(([, count]) => count > 0));
  expect(counted).toEqual(expected[name] ?? {});
  expect([records.length, losses.length]).toEqual([
    summary.records,
    Object.values(counted).reduce((sum, count) => sum + count, 0),
  ]);
  expect(summary.unknownEvents.size).toBe(0);
  // Whatever is not a record was a header's line: no log has more than 18 of them.
  expect(summary.lines - records.length - losses.length).toBeLessThanOrEqual(18);
  expect(records.some(({ kind }) => kind === 'other')).toBe(false);

  // Every return that the log kept has its entry.
  const pairing = new Pairing();
  // In the order of the file: a loss stands between the records around it.
  const all = [...records, ...losses].sort((x, y) => x.line - y.line);
  for (const item of all) {
    if ('hides' in item) pairing.lost(item);
    else pairing.push(item);
  }
  const { entriesAlone, exitsAlone, withoutTask, paired } = pairing.counts;
  expect([entriesAlone, exitsAlone]).toEqual([0, 0]);
  const probed = records.filter(({ kind }) => kind === 'kretprobe').length;
  expect(paired + (withoutTask > 0 ? probed : 0)).toBe(probed);
});

test('what the fixtures are known to say: frees of dynamic pools, in softirq before the series and in a worker after', async () => {
  const levels = async (name: string, func: string) => {
    const { records } = await readFixture(name);
    return new Set(
      records
        .filter((record) => record.kind === 'kprobe' && record.func?.symbol === func)
        .map((record) => record.context.level),
    );
  };
  expect(await levels('linux-6.12/exhaust.txt.gz', 'swiotlb_dyn_free')).toEqual(new Set(['softirq']));
  expect(await levels('linux-6.12/exhaust.txt.gz', 'set_memory_encrypted')).toEqual(new Set(['softirq']));
  expect(await levels('linux-7.3/exhaust.txt.gz', 'swiotlb_dyn_free_work')).toEqual(new Set(['process']));
  expect(await levels('linux-7.3/exhaust.txt.gz', 'swiotlb_free_tlb')).toEqual(new Set(['process']));
});
