import { describe, expect, test } from 'vitest';
import { receiptLines } from '../../../../src/cli/output/receipt-line.ts';
import { noCounts } from '../../../../src/domain/run/receipt.ts';
import { aFailedReceipt, aReceipt } from '../../domain/a-receipt.ts';

/** Of a receipt without warnings. */
const receiptLine = (receipt: Parameters<typeof receiptLines>[0]) => receiptLines(receipt).join('\n');

describe('receiptLines', () => {
  test('says when, which source, how it ended and what is new', () => {
    const line = receiptLine(
      aReceipt({ fetched: 12, csv: { ...noCounts, written: 11 }, postgres: { ...noCounts, written: 10 } }),
    );
    expect(line).toMatch(/^09:00:00 +quakes +ok +fetched 12 +new 10 +csv 11$/);
  });

  test('names what was known, unchanged, rejected and refused', () => {
    const postgres = { ...noCounts, duplicate: 3, refused: 4 };
    const line = receiptLine(aReceipt({ outcome: 'partial', unchanged: 1, rejected: 2, postgres }));
    for (const part of ['partial', 'unchanged 1', 'rejected 2', 'known 3', 'refused 4']) expect(line).toContain(part);
  });

  test('names records that were deferred or belong to retired days', () => {
    const put = receiptLine(aReceipt({ outcome: 'deferred', accepted: 5, postgres: { ...noCounts, deferred: 5 } }));
    expect(put).toMatch(/deferred 5/);
    expect(receiptLine(aReceipt({ accepted: 5, postgres: { ...noCounts, expired: 5 } }))).toMatch(/expired 5/);
  });

  test('of a run that failed says why', () => {
    const line = receiptLine(aFailedReceipt({ type: 'SourceRefused', message: 'fetch: quakes answered 403' }));
    expect(line).toMatch(/^09:00:00 +quakes +failed +SourceRefused: fetch: quakes answered 403$/);
  });

  test('puts each warning on a line of its own, also after a failure', () => {
    const warnings = [
      { code: 'page_repeated', message: 'page 2 is page 1', count: 1 },
      { code: 'bad_bytes', message: 'bytes have no meaning', count: 7 },
    ] as const;
    const expected = [/^ +warning page_repeated: page 2 is page 1$/, /^ +warning bad_bytes: .* \(7 times\)$/];
    for (const receipt of [aReceipt(), aFailedReceipt({ type: 'SourceRefused', message: 'no' })]) {
      const [, ...lines] = receiptLines({ ...receipt, warnings });
      expect(lines).toEqual(expected.map((line) => expect.stringMatching(line)));
    }
  });
});
