import { beforeEach, describe } from 'vitest';
import { storeName } from '../../src/domain/storage/store-setting.ts';
import { createBucketJournal } from '../../src/store/journal/bucket/bucket-journal.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { describeJournal } from '../support/journal-contract.ts';
import { server, settingOf } from './s3-setting.ts';

let place: { readonly name: string; readonly blobs: S3Store };
beforeEach(() => {
  const setting = settingOf(server);
  place = { name: storeName(setting), blobs: createS3Store(setting) };
});

describe.skipIf(server === null)('of a server', () => {
  describeJournal('a bucket', () => ({ journal: createBucketJournal(place, place), blobs: place.blobs }));
});
