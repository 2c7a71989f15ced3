import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { detailsTable, receiptTable } from '../../../../src/domain/run/receipt-table.ts';
import { markdownText } from '../../../../src/domain/text/markdown-text.ts';
import { backfillDetails } from '../../../../src/workflows/backfill/backfill-details.ts';
import { aReceipt } from '../a-receipt.ts';

const hostile =
  '[click](http://evil/) ![x](http://evil/p.png) <img src=x onerror=alert(1)> | **b** `c` &lt; \n# head\u202e';

/** Markdown's special characters, which must all have a backslash. */
function bare(markdown: string): string[] {
  return [...markdown.matchAll(/\\[^\n]|&(?:amp|lt|gt);|[`*_[\]<>|&~]|:\/\//g)]
    .map(([found]) => found)
    .filter((found) => !/^(?:\\|&\w)/.test(found));
}

describe('markdownText', () => {
  test.each([
    ['[x](http://evil/)', '\\[x\\](http:\\/\\/evil/)'],
    ['![x](y)', '!\\[x\\](y)'],
    ['<b>&amp;', '&lt;b&gt;&amp;amp;'],
    ['a|b', 'a\\|b'],
    ['\\|', '\\\\\\|'],
    ['my_source', 'my\\_source'],
    ['one\n# two', 'one # two'],
    ['# head', '\\# head'],
    ['- item', '\\- item'],
    ['1. one', '1\\. one'],
    ['www.evil.test me@evil.test', 'www\\.evil.test me\\@evil.test'],
    ['\u001b[31m', '\\\\u001b\\[31m'],
    ['paused by ann until 2026-11-01T00:00:00.000Z', 'paused by ann until 2026-11-01T00:00:00.000Z'],
  ])('of %j is %j', (text, markdown) => expect(markdownText(text)).toBe(markdown));

  test('has nothing bare, and is one line, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'\\`*_[]()<>|&~!:/ \n\t#-1.ab\u202e') }), (text) => {
        expect(bare(markdownText(text))).toEqual([]);
        expect(markdownText(text)).not.toMatch(/[\n\u202e]/);
      }),
    );
  });
});

describe('the details of a workflow', () => {
  test('escape what they quote: values, notes, failures', () => {
    const { csv, postgres, fetched, accepted, rejected, unchanged, repaired, pages, batches } = aReceipt();
    const tally = { csv, postgres, fetched, accepted, rejected, unchanged, repaired, pages, batches };
    const head = { source: 'news', phase: 'fetching', note: hostile, watermark: null, warnings: [] };
    const progress = {
      source: 'news',
      windows: {
        waiting: 0,
        running: [],
        done: 0,
        failed: 1,
      },
      written: 0,
      paused: {
        by: hostile,
        reason: hostile,
        until: null,
        since: '2026-11-01T00:00:00.000Z',
      },
    };
    const failure = { type: 'SourceRefused', message: hostile };
    const window = { from: '2026-11-01T00:00:00.000000Z', to: '2026-11-02T00:00:00.000000Z', error: failure };
    for (const markdown of [
      detailsTable([['failed', hostile]]),
      receiptTable(tally, head),
      backfillDetails(progress, { failed: [window], refused: [failure] }),
    ]) {
      expect(markdown).toContain(markdownText(hostile));
      expect(markdown).not.toContain('[click](');
      expect(markdown).not.toContain('<img');
      expect(markdown).not.toMatch(/^# head/m);
      const rows = markdown.split('\n').filter((line) => line.startsWith('| failed | '));
      for (const row of rows) expect(row.match(/(?<!\\)(?:\\\\)*\|/g)).toHaveLength(3);
    }
  });
});
