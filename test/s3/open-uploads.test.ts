import { describe, expect, test } from 'vitest';
import { abortOldUploads } from '../../src/store/s3/object-list.ts';
import { openS3, usualTimeouts, type S3 } from '../../src/store/s3/s3-client.ts';
import { server, settingOf } from './s3-setting.ts';

const { signal } = new AbortController();
const laterMs = () => Date.now() + 25 * 3_600_000;

async function leaveUpload(s3: S3, path: string): Promise<void> {
  await s3.client.send(new s3.sdk.CreateMultipartUploadCommand(s3.at(path)));
}

async function openUploads(s3: S3): Promise<number> {
  const { Bucket, Key: Prefix } = s3.at('');
  const { Uploads = [] } = await s3.client.send(new s3.sdk.ListMultipartUploadsCommand({ Bucket, Prefix }));
  return Uploads.length;
}

describe.skipIf(server === null)('uploads that a killed client has left behind', () => {
  test('are aborted once they are a day old, those of other stores are not', async () => {
    const setting = settingOf(server);
    const own = await openS3(setting, usualTimeouts);
    const other = await openS3(settingOf(server), usualTimeouts);
    for (const path of ['archives/2026-11-29.csv.gz', 'archives/2026-11-30.csv.gz']) await leaveUpload(own, path);
    // Of another program, where Daybook has the whole bucket.
    for (const path of ['backups/2026-11-30.tar', 'archives.tar']) await leaveUpload(own, path);
    await leaveUpload(other, 'archives/2026-11-30.csv.gz');
    expect(await abortOldUploads(own, signal)).toBe(0);
    expect(await abortOldUploads(own, signal, laterMs())).toBe(2);
    expect([await openUploads(own), await openUploads(other)]).toEqual([2, 1]);
    await abortOldUploads(other, signal, laterMs());
  });

  test('are aborted in the journal, and where a bucket was tried', async () => {
    const own = await openS3(settingOf(server), usualTimeouts);
    for (const path of ['csv/src=news/a.gz', '.probe', '.conditions/.a', 'csv/.conditions/.a'])
      await leaveUpload(own, path);
    expect(await abortOldUploads(own, signal, laterMs())).toBe(4);
  });
});
