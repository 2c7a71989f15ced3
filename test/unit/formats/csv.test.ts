import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvText } from '../../../src/formats/csv.ts';
import { record } from '../sinks/records.ts';

describe('csvText', () => {
  test('has a header, ends lines with LF and quotes only what needs it', () => {
    const text = csvText('news', [
      record('plain', { payload: '{}' }),
      record('a,"b"', { payload: '{"t":"x, \\"y\\""}' }),
      record(' lead', { payload: '1' }),
      record('=1+1', { payload: '[]' }),
      record('two\nlines', { payload: '"é😀"' }),
    ]);
    expect(text).toMatchInlineSnapshot(`
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
    expect(csvText('news', [record('a\rb', { payload: '"c\r\nd"' })])).toBe(
      'source,source_id,occurred_at,payload\nnews,"a\rb",2026-11-01T00:00:00.000000Z,"""c\r\nd"""\n',
    );
  });

  test('of no records is the header alone', () => {
    expect(csvText('news', [])).toBe('source,source_id,occurred_at,payload\n');
  });

  test('gives any ids and payloads back to an independent reader', () => {
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
      '\ufeff',
      '\u2028',
      'é',
      '😀',
      'a',
    );
    const text = fc.oneof(
      fc.array(piece, { minLength: 1 }).map((pieces) => pieces.join('')),
      fc.string({ minLength: 1 }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), (pairs) => {
        const records = pairs.map(([sourceId, payload]) => record(sourceId, { payload }));
        const rows = parse(csvText('news', records));
        expect(rows.slice(1)).toEqual(
          records.map(({ sourceId, occurredAt, payload }) => ['news', sourceId, occurredAt, payload]),
        );
      }),
      { numRuns: 500 },
    );
  });
});
