import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textWidth, wrapColumns, wrapWidth, xml, xmlId } from '../../src/render/text.ts';
import { parseXml } from './xml-check.ts';

test('long text breaks at spaces, then before brackets, after commas, and inside names last', () => {
  expect(wrapColumns('the grace period ends', 12)).toEqual(['the grace', 'period ends']);
  expect(wrapColumns('lookup[pool=1,reader=0]', 17)).toEqual(['lookup', '[pool=1,reader=0]']);
  expect(wrapColumns('set_memory_encrypted', 12)).toEqual(['set_memory_', 'encrypted']);
  expect(wrapColumns('abcdefgh', 3)).toEqual(['abc', 'def', 'gh']);
  expect(wrapColumns('', 3)).toEqual(['']);
});

test('every line fits, and nothing but white space is lost', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (text, columns) => {
      const lines = wrapColumns(text, columns);
      expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(columns);
      expect(lines.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    }),
  );
});

test('wrapping by width uses the widths, bold ones being wider', () => {
  expect(textWidth('il', 10)).toBeLessThan(textWidth('MW', 10));
  expect(textWidth('page', 10)).toBeLessThan(textWidth('page', 10, true));
  expect(textWidth('→', 10)).toBe(10);
  for (const line of wrapWidth('alloc_pages[ok=true,zone=normal]', 90, 12, true)) {
    expect(textWidth(line, 12, true)).toBeLessThanOrEqual(90);
  }
});

test('any text survives XML and comes back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const shown = text.replace(/[\p{Cc}\p{Cs}]/gu, (c) => ('\t\n\r'.includes(c) ? c : '\ufffd'));
      expect(parseXml(`<t a="${xml(text)}">${xml(text)}</t>`)).toMatchObject({
        text: shown,
        attributes: { a: shown },
      });
    }),
  );
  expect(xml('\u0000')).toBe('\ufffd');
});

test('ids keep what an id may hold and tell the rest apart', () => {
  expect(xmlId('page-state-lent.shared')).toBe('page-state-lent.shared');
  expect(xmlId('a b')).toBe('a_x20b');
});
