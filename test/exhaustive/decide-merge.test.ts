import { describe, test } from 'vitest';
import { TABLES } from '../../src/decide/index.ts';
import type { OptionName } from '../../src/series/index.ts';
import { expectMergedAsFull } from '../decide/merged.ts';

describe.each(Object.entries(TABLES))('%s: the merged table is the full one', (_op, table) => {
  test.each([['swiotlb'], ['mask'], ['iommu']] as OptionName[][])('options varied: %j', (...varied) =>
    expectMergedAsFull(table!, varied),
  );
});
