import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { csvContent } from '../../../../src/formats/csv/csv.ts';
import { fileAt } from '../../../../src/store/journal/folder/folder-files.ts';
import { journalLayout, type JournalRow } from '../../../../src/store/journal/journal-layout.ts';
import { parseRows } from '../../../../src/store/journal/parse-rows.ts';
import { scanRows, type ScannedFile } from '../../../../src/store/journal/scan-rows.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';
import { anyCharacter } from '../../../support/any-character.ts';

const folder = useTemporaryFolder();

/** Cuts bytes at any place, also within a character. */
function cut(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

async function scan(bytes: Buffer, size: number): Promise<ScannedFile & { readonly found: JournalRow[] }> {
  const found: JournalRow[] = [];
  const reading = scanRows(cut(bytes, size), journalLayout);
  for (;;) {
    const { done, value } = await reading.next();
    if (done === true) return { ...value, found };
    for (const row of value) found.push(row);
  }
}

async function parse(bytes: Buffer): Promise<{ readonly found: JournalRow[]; readonly damages: string[] }> {
  const path = join(folder.path, 'part.csv');
  writeFileSync(path, bytes);
  const file = fileAt({ kind: 'part', path, name: 'news/part.csv', ingestedAt: null, manifest: null, check: null });
  const found: JournalRow[] = [];
  const damages: string[] = [];
  const damage = (line: number, what: string) => void damages.push(`${line}: ${what}`);
  for await (const rows of parseRows(file, journalLayout, damage, async () => {}))
    for (const row of rows) found.push(row);
  return { found, damages };
}

const cell = fc.oneof(
  fc.string({ unit: anyCharacter, maxLength: 8 }),
  fc.constantFrom('', '"', '""', '"\n', '\n"', '\r', '\r\n', ',', '",', 'ä', '🦊', ' x ', "'", '{"a":"b"}', '\\"'),
);
const record = fc.record({
  sourceId: cell,
  occurredAt: fc.constantFrom(
    '2026-11-01T00:00:00.000000Z',
    '2026-11-01T23:59:59.999999Z',
    '2026-11-02T12:00:00Z',
    '2026-11-01T23:59:60Z',
    '2026-11-01T12:00:00+02:00',
    '2024-02-29T00:00:00.000000Z',
  ),
  payload: cell,
});
/** What may happen to a file. */
const damage = fc.oneof(
  { weight: 3, arbitrary: fc.constant((text: string) => text) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(400), fc.nat(3), fc.constantFrom('', '"', '\n', ',', '\0', 'x', '\r', '""', ',,', '\ufeff', '2026'))
      .map(
        ([at, length, put]) =>
          (text: string) =>
            text.slice(0, at) + put + text.slice(at + length),
      ),
  },
);

describe('scanRows', () => {
  test('reads what the full parser reads, or says that it cannot', async () => {
    let usual = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { maxLength: 6 }),
        damage,
        fc.integer({ min: 1, max: 300 }),
        async (records, harm, size) => {
          const bytes = Buffer.from(harm(csvContent('news', records).toString()));
          const scanned = await scan(bytes, size);
          const parsed = await parse(bytes);
          if (scanned.isUsual) usual++;
          const left = { found: parsed.found.slice(0, scanned.handedOn), damages: [] };
          expect(scanned.isUsual ? parsed : left).toEqual({ found: scanned.found, damages: [] });
        },
      ),
      { numRuns: 500 },
    );
    // Otherwise nothing was compared.
    expect(usual).toBeGreaterThan(75);
  });

  const at = '2026-11-01T00:00:00.000000Z';
  test.each([
    ['a quote in a plain cell', `news,a"b,${at},{}\n`],
    ['a quote in the last cell', `news,a,${at},{"a":1}\n`],
    ['text behind a quoted cell', `news,"a"b,${at},{}\n`],
    ['too few cells', `news,a,${at}\nnews,b,${at},{}\n`],
    ['too many cells', `news,a,${at},{},\n`],
    ['an empty line', `\nnews,a,${at},{}\n`],
    ['a quote that nothing closes', `news,a,${at},"{}\n`],
    ['no newline at the end', `news,a,${at},{}`],
    ['a NUL', `news,a\0,${at},{}\n`],
    ['no time', `news,a,noon,{}\n`],
    ['no row', ''],
  ])('leaves %s to the parser', async (_what, rows) => {
    const bytes = Buffer.from(`${journalLayout.header}\nnews,"first, ""1""",${at},"{}\n"\n${rows}`);
    const scanned = await scan(rows === '' ? Buffer.from(`${journalLayout.header}\n`) : bytes, 50);
    expect(scanned.isUsual).toBe(false);
    expect(scanned.found).toEqual([]);
  });

  test('hands on a thousand rows at a time, and leaves the rest to the parser where something is unusual', async () => {
    const records = Array.from({ length: 2_500 }, (_, n) => ({
      sourceId: `id ${n}`,
      occurredAt: at,
      payload: '{"a":"b"}',
    }));
    const content = csvContent('news', records);
    expect(await scan(content, 1_000)).toMatchObject({ isUsual: true, rows: 2_500, line: 2_501 });
    const broken = Buffer.concat([content, Buffer.from('news,x\n')]);
    const { isUsual, handedOn, found } = await scan(broken, 1_000);
    expect(isUsual).toBe(false);
    expect(handedOn).toBe(2_000);
    expect(found.length).toBe(2_000);
  });
});
