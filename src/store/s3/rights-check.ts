import type { BlobStore } from '../blobs/blob-store.ts';
import { bucketProbes } from '../paths/bucket-paths.ts';
import type { S3 } from './s3-client.ts';
import type { S3Action } from './s3-failure.ts';

/**
 * Does everything once that Daybook does with a bucket, on an object of its own: the first failure names the right that is missing.
 * @param ask sends a request for an action
 * @throws SinkUnavailable
 */
export async function checkRights(
  blobs: Pick<BlobStore, 'put' | 'get' | 'list' | 'delete'>,
  ask: (action: S3Action, path: string, work: (s3: S3) => Promise<void>) => Promise<void>,
): Promise<void> {
  const path = bucketProbes.use.build({});
  await blobs.put(path, 'x');
  await blobs.get(path);
  await blobs.list(bucketProbes.conditions.folder({}));
  await blobs.delete(path);
  await ask('sweep', path, async ({ sdk, client, at, checksum }) => {
    const { Bucket, Key } = at(path);
    const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key, ...checksum }));
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix: Key, MaxUploads: 1 }));
  });
}
