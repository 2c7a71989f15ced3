import { createHash } from 'node:crypto';
import { stringify } from 'csv-stringify/sync';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestCsv } from '../../../src/formats/csv/csv-digest.ts';

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

describe('digestCsv', () => {
  test('counts like a CSV parser, with any fields and any chunks of bytes', async () => {
    const field = fc.stringMatching(/^[a",\n\r\\é]{0,6}$/);
    const rows = fc.array(fc.tuple(field, field), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 20 }), async (values, size) => {
        const text = stringify([['x', 'y'], ...values], { quoted: true });
        expect(await digestCsv(chunks(text, size))).toEqual({
          rows: (parse(text) as unknown[]).length - 1,
          sha256: createHash('sha256').update(text).digest('hex'),
        });
      }),
    );
  });

  test('finds no row in nothing', async () => {
    expect((await digestCsv(chunks('', 1))).rows).toBe(0);
    expect((await digestCsv(chunks('id,source\n', 3))).rows).toBe(0);
  });
});
