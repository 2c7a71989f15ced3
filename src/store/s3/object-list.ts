import { bucketProbes } from '../paths/bucket-paths.ts';
import { journalFolder, storeFolders } from '../paths/paths.ts';
import type { S3 } from './s3-client.ts';

interface Listed {
  readonly path: string;
  readonly modified: Date | null;
  readonly bytes: number;
}

/** The objects below a folder in the order of their keys, a page of at most 1,000 at a time. */
export async function* listObjects(s3: S3, folder: string): AsyncGenerator<Listed> {
  const { Bucket, Key: root } = s3.at('');
  const Prefix = folder === '' ? root : `${root}${folder}/`;
  let ContinuationToken: string | undefined;
  do {
    const page = await s3.client.send(new s3.sdk.ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
    for (const { Key = '', LastModified: modified = null, Size: bytes = 0 } of page.Contents ?? []) {
      const path = Key.slice(root.length);
      // Consoles make an object for a folder; hidden files are of a directory store, or of probes.
      if (!path.endsWith('/') && !/(?:^|\/)\.[^/]*$/.test(path)) yield { path, modified, bytes };
    }
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
}

/** Names of what is right below a folder and has objects below itself, in order. */
export async function listFolders(s3: S3, folder: string): Promise<string[]> {
  const { Bucket, Key: root } = s3.at('');
  const Prefix = folder === '' ? root : `${root}${folder}/`;
  const names: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const request = { Bucket, Prefix, ContinuationToken, Delimiter: '/' };
    const page = await s3.client.send(new s3.sdk.ListObjectsV2Command(request));
    for (const { Prefix: found = '' } of page.CommonPrefixes ?? []) names.push(found.slice(Prefix.length, -1));
    ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (ContinuationToken !== undefined);
  return names.sort();
}

/** Younger ones may still be in use. */
const minAgeMs = 24 * 3_600_000;

/**
 * Aborts uploads in parts that a killed client has left behind; their parts are paid for until then. Where Daybook has no prefix, other
 * programs have their objects beside its folders.
 * @returns how many
 */
export async function abortOldUploads(s3: S3, signal: AbortSignal, nowMs = Date.now()): Promise<number> {
  const { Bucket, Key: Prefix } = s3.at('');
  const before = nowMs - minAgeMs;
  const isOurs = (key: string) => key.startsWith(Prefix) && isOwn(key.slice(Prefix.length));
  let [aborted, after] = [0, {}];
  for (let isMore = true; isMore;) {
    signal.throwIfAborted();
    const page = await s3.client.send(new s3.sdk.ListMultipartUploadsCommand({ Bucket, Prefix, ...after }));
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated.getTime() >= before || !Key || !isOurs(Key)) continue;
      await s3.client.send(new s3.sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
      aborted++;
    }
    isMore = page.IsTruncated === true && page.NextKeyMarker !== undefined;
    after = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
  return aborted;
}

/** Whether only Daybook writes below a path of its store. */
function isOwn(path: string): boolean {
  const [folder = ''] = path.split('/');
  const isProbe = bucketProbes.use.parse(path) !== null || bucketProbes.conditions.parse(path) !== null;
  return isProbe || (path.includes('/') && (storeFolders.has(folder) || folder === journalFolder));
}
