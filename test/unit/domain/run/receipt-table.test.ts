import { describe, expect, test } from 'vitest';
import { receiptTable } from '../../../../src/domain/run/receipt-table.ts';
import type { Tally } from '../../../../src/domain/run/receipt.ts';

const tally: Tally = {
  fetched: 101,
  accepted: 102,
  rejected: 103,
  unchanged: 104,
  filtered: 108,
  repaired: 105,
  pages: 106,
  batches: 107,
  csv: {
    written: 201,
    duplicate: 202,
    refused: 203,
    expired: 204,
    deferred: 205,
  },
  postgres: {
    written: 301,
    duplicate: 302,
    refused: 303,
    expired: 304,
    deferred: 305,
  },
};
const head = { source: 'quakes', phase: 'fetching', note: null, watermark: null, warnings: [] };

/** The tables of a Markdown text: each row by the names of its columns. */
function tablesIn(markdown: string): Record<string, string>[][] {
  return markdown
    .split('\n\n')
    .filter((block) => block.startsWith('|'))
    .map((block) => {
      const [names = [], rule = [], ...rows] = block.split('\n').map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
      expect(rule).toHaveLength(names.length);
      return rows.map((cells) => Object.fromEntries(names.map((name, index) => [name, cells[index] ?? ''])));
    });
}

const texts = (counts: object) =>
  Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)]));

describe('receiptTable', () => {
  test('shows every count below its name', () => {
    const { csv, postgres, ...run } = tally;
    expect(tablesIn(receiptTable(tally, head))).toEqual([
      [texts(run)],
      [
        { sink: 'csv', ...texts(csv) },
        { sink: 'postgres', ...texts(postgres) },
      ],
    ]);
  });

  test('names the source, what it does and how far it came', () => {
    const table = receiptTable(tally, { ...head, watermark: '2026-11-01T00:00:00.000000Z' });
    expect(table).toMatch(/quakes.*fetching/);
    expect(table).toContain('2026-11-01T00:00:00.000000Z');
    expect(receiptTable(tally, head)).not.toContain('null');
  });

  test('shows the note as a paragraph of its own', () => {
    expect(receiptTable(tally, { ...head, note: 'paused by ann' }).split('\n\n')).toContain('paused by ann');
  });
});
