import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { csvText } from '../../../../src/domain/csv-text.ts';
import type { JournalFile } from '../../../../src/store/journal/journal-files.ts';
import { readJournal } from '../../../../src/store/journal/read-journal.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { flipByte } from './journal-folder.ts';

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
  const text = csvText('news', records);
  const path = join(folder, '2026-11-20.csv.gz');
  writeFileSync(path, gzipSync(text, { level: 0 }));
  const sha256 = createHash('sha256').update(text).digest('hex');
  const manifest = { source: 'news', day: '2026-11-20', rows: 3, sha256, replaces: null };
  writeFileSync(
    join(folder, '2026-11-20.json'),
    JSON.stringify({ ...manifest, minOccurredAt: null, maxOccurredAt: null, parts: 1 }),
  );
  return { kind: 'sealed', path, name: 'news/2026-11-20.csv.gz' };
}

test('a sealed day is read whole', async () => {
  expect(await read(writeSealed(temporaryFolder()))).toEqual({ rows: 3, damages: [] });
});

test('of a sealed day with a flipped byte no record is handed on: a wrong one would be stored for good', async () => {
  const file = writeSealed(temporaryFolder());
  flipByte(file.path, 70);
  const { rows, damages } = await read(file);
  expect(rows).toBe(0);
  expect(damages).toEqual([expect.stringMatching(/incorrect data check.*restore the file.*nothing of it was read/)]);
});

test.each([
  ['', /is empty, expected the header/],
  ['source,source_id,occurred_at,payload\n', /found no record/],
])('a part that is %j is damaged, not good', async (content, message) => {
  const path = join(temporaryFolder(), 'part.csv');
  writeFileSync(path, content);
  const { rows, damages } = await read({ kind: 'part', path, name: 'news/part.csv' });
  expect([rows, damages]).toEqual([0, [expect.stringMatching(message)]]);
});
