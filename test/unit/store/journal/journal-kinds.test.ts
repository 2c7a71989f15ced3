import { join } from 'node:path';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createBucketJournal } from '../../../../src/store/journal/bucket/bucket-journal.ts';
import { describeJournal } from '../../../support/journal-contract.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';
import { journalIn } from './journal-folder.ts';

const folder = useTemporaryFolder();

describeJournal('a folder', () => ({
  journal: journalIn(folder.path),
  blobs: createDirectoryStore(join(folder.path, 'csv')),
}));

describeJournal('blobs', () => {
  const place = { name: 's3://daybook/csv', blobs: createDirectoryStore(folder.path) };
  return { journal: createBucketJournal(place, place), blobs: place.blobs };
});
