import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvContent, csvRows } from '../../../src/formats/csv/csv.ts';
import { record } from '../sinks/records.ts';
import { anyCharacter } from '../../support/any-character.ts';

const piece = fc.constantFrom(
  '"',
  '""',
  ',',
  '\r',
  '\n',
  '\r\n',
  ' ',
  '\t',
  ';',
  "'",
  '\\',
  '=1',
  '-',
  '\0',
  '\ufeff',
  '\u2028',
  '\ufffd',
  '\ud83d',
  'é',
  'ж',
  '汉',
  '😀',
  'a',
);
const text = fc.oneof(
  fc.array(piece, { minLength: 1 }).map((pieces) => pieces.join('')),
  fc.string({ minLength: 1 }),
  fc.json(),
);

describe('csvContent', () => {
  test('has a header, ends lines with LF and quotes only what needs it', () => {
    const content = csvContent('news', [
      record('plain', { payload: '{}' }),
      record('a,"b"', { payload: '{"t":"x, \\"y\\""}' }),
      record(' lead', { payload: '1' }),
      record('=1+1', { payload: '[]' }),
      record('two\nlines', { payload: '"é😀"' }),
    ]);
    expect(content.toString()).toMatchInlineSnapshot(`
      "source,source_id,occurred_at,payload
      news,plain,2026-11-01T00:00:00.000000Z,{}
      news,"a,""b""",2026-11-01T00:00:00.000000Z,"{""t"":""x, \\""y\\""""}"
      news, lead,2026-11-01T00:00:00.000000Z,1
      news,=1+1,2026-11-01T00:00:00.000000Z,[]
      news,"two
      lines",2026-11-01T00:00:00.000000Z,"""é😀"""
      "
    `);
  });

  test('quotes a lone CR, which ends a row for many readers, and keeps every byte of it', () => {
    expect(csvContent('news', [record('a\rb', { payload: '"c\r\nd"' })]).toString()).toBe(
      'source,source_id,occurred_at,payload\nnews,"a\rb",2026-11-01T00:00:00.000000Z,"""c\r\nd"""\n',
    );
  });

  test('of no records is the header alone', () => {
    expect(csvContent('news', []).toString()).toBe('source,source_id,occurred_at,payload\n');
  });

  test('gives any ids and payloads back to an independent reader', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const records = pairs.map(([sourceId, payload]) => record(sourceId, { payload }));
        const rows = parse(csvContent('news', records).toString(), { bom: false });
        expect(rows.slice(1)).toEqual(
          records.map(({ sourceId, occurredAt, payload }) => [
            'news',
            sourceId.toWellFormed(),
            occurredAt,
            payload.toWellFormed(),
          ]),
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe('csvRows', () => {
  const rowsOf = (cells: readonly (readonly [string, string])[]) =>
    cells.map(([sourceId, payload]) => ({ source: 'news', ...record(sourceId, { payload }) }));
  const expected = (cells: readonly (readonly [string, string])[]) =>
    Buffer.from(
      stringify(
        rowsOf(cells).map(({ source, sourceId, occurredAt, payload }) => [source, sourceId, occurredAt, payload]),
        { record_delimiter: '\n', quoted_match: /[\r\n]/ },
      ),
    );

  test('has the bytes of csv-stringify, whatever the cells hold', () => {
    const cell = fc.oneof(text, fc.constant(''), fc.string({ unit: anyCharacter }));
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell)), (cells) => {
        expect(csvRows(rowsOf(cells)).equals(expected(cells))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['long cells of quotes alone', ['"'.repeat(70_000), '"'.repeat(200_000)]],
    ['long cells without a quote', ['汉'.repeat(70_000), 'ж'.repeat(70_000)]],
    ['long cells of characters of several bytes', ['汉,"'.repeat(30_000), '😀\n'.repeat(30_000)]],
  ] as const)('has the bytes of csv-stringify for %s', (_what, cells) => {
    for (const count of [1, 3]) {
      const rows = Array.from({ length: count }, () => cells);
      expect(csvRows(rowsOf(rows)).equals(expected(rows))).toBe(true);
    }
  });
});
