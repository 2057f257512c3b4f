/** `ccdma matrix` as a user runs it, on little of it. */
import { expect, test } from 'vitest';
import { ccdma, paste, schemaOf } from './run.ts';

const SMALL = ['matrix', '--platform', 'tdx', '--series', 'prefix:18', '--workload', 'boot-exit'];

test('a failing cell: exit 1, a table, what the patch does, and a command that shows the way', async () => {
  const { code, out } = await ccdma(SMALL);
  expect(code).toBe(1);
  expect(out).toMatch(/free-private/);
  expect(out).toMatch(/repairs: free-private \(tdx\)/);
  const replay = /^ {2}(npx ccdma replay .*)$/m.exec(out)![1]!;
  const replayed = await paste(replay);
  expect(replayed.code).toBe(1);
  expect(replayed.out).toMatch(/free-private|pool-tells-the-truth/);
});

test('nothing fails: exit 0; a bound that was hit: exit 3', async () => {
  const small = ['matrix', '--platform', 'tdx', '--series', 'v5', '--workload', 'map'];
  expect((await ccdma(small)).code).toBe(0);
  expect((await ccdma([...small, '--max-states', '5'])).code).toBe(3);
});

test('JSON follows its schema, and has a row for each prefix that was asked for', async () => {
  const { out } = await ccdma([...SMALL, '--json']);
  const validate = schemaOf('matrix');
  const json = JSON.parse(out) as {
    rows: { prefix: number; cells: { platform: string; verdict: string }[] }[];
  };
  expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
  expect(json.rows.map(({ prefix }) => prefix)).toEqual([17, 18]);
  expect(json.rows[0]!.cells.map(({ platform }) => platform)).toEqual(Array(11).fill('tdx'));
});

test.each([
  [['matrix', '--platform', 'cac'], /unknown platform 'cac'; .*nearest: cca/],
  [['matrix', '--series', 'prefix:21'], /'21' is no prefix of the series: K is 0 to 20; nearest: prefix:20/],
  [['matrix', '--workload', 'boot-exits'], /unknown workload 'boot-exits'; .*nearest: boot-exit/],
  [['matrix', '--check', '--platform', 'tdx'], /--check is of the complete matrix; leave --platform out/],
  [['matrix', '--write', '--max-states', '7'], /--write is of the complete matrix; leave --max-states out/],
])('wrong usage: %s', async (args, message) => {
  const { code, err } = await ccdma(args);
  expect(code).toBe(2);
  expect(err).toMatch(message);
});
