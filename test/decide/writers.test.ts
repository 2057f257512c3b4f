/** The three formats, whole, for a small table. */
import { expect, test } from 'vitest';
import {
  csvDecisions,
  markdownDecisions,
  mergeRows,
  type Row,
  rstDecisions,
} from '../../src/decide/index.ts';

const row = (platform: string, attrs: string, refused: boolean): Row => ({
  op: 'map',
  platform,
  series: 'v5',
  options: { mask: '64' },
  device: 'untrusted',
  attrs,
  context: 'process',
  request: { size: 'fits' },
  outcome: refused
    ? { source: 'refused', converted: 'no', address: 'none', reason: 'it is too large, "really"' }
    : { source: 'default pool', converted: 'no', address: 'shared' },
  because: [],
});
const rows = ['tdx', 'cca'].flatMap((platform) =>
  ['none', 'MMIO', 'CC_SHARED', 'CC_SHARED|MMIO'].map((attrs) =>
    row(platform, attrs, attrs.includes('MMIO')),
  ),
);
const sections = [{ name: 'usual options', table: mergeRows(rows, ['CC_SHARED', 'MMIO']) }];

test('Markdown', () => {
  expect(markdownDecisions('Mappings', sections)).toMatchInlineSnapshot(`
    "# Mappings

    ## usual options

    In all rows: device untrusted, context process, size fits, mask 64. Without influence: platform, CC\\_SHARED.

    | attributes | comes from | converted | address says | why refused |
    | --- | --- | --- | --- | --- |
    | none | default pool | no | shared |  |
    | MMIO | refused |  |  | it is too large, "really" |
    "
  `);
});

test('reStructuredText', () => {
  expect(rstDecisions('Mappings', sections)).toMatchInlineSnapshot(`
    "Mappings
    ========

    usual options
    -------------

    In all rows: device untrusted, context process, size fits, mask 64. Without influence: platform, CC\\_SHARED.

    .. list-table::
       :header-rows: 1

       * - attributes
         - comes from
         - converted
         - address says
         - why refused
       * - none
         - default pool
         - no
         - shared
         -
       * - MMIO
         - refused
         -
         -
         - it is too large, "really"
    "
  `);
});

test('CSV', () => {
  expect(csvDecisions(sections)).toMatchInlineSnapshot(`
    "section,attributes,platform,device,context,size,mask,comes from,converted,address says,why refused
    usual options,none,any,untrusted,process,fits,64,default pool,no,shared,
    usual options,MMIO,any,untrusted,process,fits,64,refused,,,"it is too large, ""really"""
    "
  `);
});
