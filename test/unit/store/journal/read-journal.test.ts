import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { csvContent } from '../../../../src/formats/csv/csv.ts';
import { fileAt, partFile } from '../../../../src/store/journal/folder/folder-files.ts';
import type { JournalFile } from '../../../../src/store/journal/journal-file.ts';
import { readJournal } from '../../../../src/store/journal/read-journal.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { flipByte, writePart } from './journal-folder.ts';

const records = Array.from({ length: 3 }, (_, n) => ({
  sourceId: `id-${n}`,
  occurredAt: '2026-11-01T00:00:00.000000Z',
  payload: `{"n":${n}}`,
}));

async function read(file: JournalFile): Promise<{ rows: number; damages: string[] }> {
  const damages: string[] = [];
  let rows = 0;
  for await (const some of readJournal(file, ({ message }) => damages.push(message))) rows += some.length;
  return { rows, damages };
}

/** Not compressed, so that a flipped byte changes a record and nothing else. */
function writeSealed(folder: string): JournalFile {
  mkdirSync(folder, { recursive: true });
  const text = csvContent('news', records);
  const path = join(folder, '2026-11-20.csv.gz');
  writeFileSync(path, gzipSync(text, { level: 0 }));
  const sha256 = createHash('sha256').update(text).digest('hex');
  const manifest = { source: 'news', day: '2026-11-20', rows: 3, sha256, replaces: null };
  writeFileSync(
    join(folder, '2026-11-20.json'),
    JSON.stringify({ ...manifest, minOccurredAt: null, maxOccurredAt: null, parts: 1 }),
  );
  const beside = join(folder, '2026-11-20.json');
  const name = 'news/2026-11-20.csv.gz';
  return fileAt({ kind: 'sealed', path, name, ingestedAt: '2026-11-20', manifest: beside, check: null });
}

test('a sealed day is read whole', async () => {
  expect(await read(writeSealed(temporaryFolder()))).toEqual({ rows: 3, damages: [] });
});

test('of a sealed day with a flipped byte no record is returned: a wrong one would be stored for good', async () => {
  const file = writeSealed(temporaryFolder());
  flipByte(file.path, 70);
  const { rows, damages } = await read(file);
  expect(rows).toBe(0);
  expect(damages).toEqual([expect.stringMatching(/incorrect data check.*restore the file.*none of it was read/)]);
});

test.each([
  ['', /is empty, expected the header/],
  ['source,source_id,occurred_at,payload\n', /no record, expected at least one/],
])('a part that is %j is damaged, not good', async (content, message) => {
  const path = join(temporaryFolder(), 'part.csv');
  writeFileSync(path, content);
  const file = fileAt({ kind: 'part', path, name: 'news/part.csv', ingestedAt: null, manifest: null, check: null });
  const { rows, damages } = await read(file);
  expect(rows).toBe(0);
  expect(damages).toEqual([expect.stringMatching(message)]);
});

describe('a part whose name says what it holds', () => {
  const write = (change: (text: string) => string): JournalFile => {
    const folder = temporaryFolder();
    const path = writePart(folder, '100000000', records);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    return partFile(join(folder, 'csv'), path.slice(join(folder, 'csv').length + 1));
  };

  test('is read where it is whole', async () => {
    expect(await read(write((text) => text))).toEqual({ rows: 3, damages: [] });
  });

  test('returns no record if a wrong one cannot be distinguished from the others', async () => {
    const { rows, damages } = await read(write((text) => text.replace('{""n"":1}', '{""n"":7}')));
    expect(rows).toBe(0);
    expect(damages).toEqual([expect.stringMatching(/by its name.*none of it was read/)]);
  });

  test('is read as far as possible if the damage is visible, which is reported once', async () => {
    const { rows, damages } = await read(write((text) => text.replace('id-1,2026', 'id-1,x026')));
    expect(rows).toBe(2);
    expect(damages).toEqual([expect.stringMatching(/line 3: occurred_at.*repair-csv/)]);
  });
});
