import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveFiles } from '../../../../src/store/journal/folder/folder-files.ts';
import { filesOf, journalUnits } from '../../../../src/store/journal/walk-journal.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';
import { foldersIn, journalIn } from './journal-folder.ts';

const folder = useTemporaryFolder();
const choice = { source: null, window: null, archives: true };

test('a day that was retired again has its further archives read, the newest first', async () => {
  const folders = foldersIn(folder.path);
  mkdirSync(folders.archives);
  for (const name of [
    '2026-11-02.csv.gz',
    '2026-11-01.csv.gz',
    '2026-11-01.2.csv.gz',
    '2026-11-01.10.csv.gz',
    'x.csv.gz',
  ])
    writeFileSync(join(folders.archives, name), '');
  const names = ['2026-11-01.10', '2026-11-01.2', '2026-11-01', '2026-11-02'].map((name) => `archives/${name}.csv.gz`);
  expect((await archiveFiles(folders)).map(({ name }) => name)).toEqual(names);
  const [first] = await archiveFiles(folders);
  writeFileSync(join(folders.archives, '2026-11-01.10.json'), 'damaged');
  await expect(first?.manifest?.()).rejects.toThrow(/2026-11-01\.10\.json is not valid JSON/);
  const units = await journalUnits(journalIn(folder.path), choice);
  expect(units).toEqual(['2026-11-01', '2026-11-02'].map((day) => ({ kind: 'archive', day })));
  expect((await filesOf(journalIn(folder.path), units[0]!, choice)).map(({ name }) => name)).toEqual(names.slice(0, 3));
});
