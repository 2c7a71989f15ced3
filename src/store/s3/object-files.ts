import { buffer } from 'node:stream/consumers';
import { SourceRefused } from '../../domain/errors.ts';
import { splitObjectUrl, type ObjectFiles, type ObjectStamp } from '../../domain/storage/object-files.ts';
import type { S3Setting } from '../../domain/storage/store-setting.ts';
import { objectFailure } from './object-failure.ts';
import { streamObject } from './object-reader.ts';
import { openS3, usualTimeouts, type S3, type S3Timeouts } from './s3-client.ts';
import { concernsKeys, isAbsent, type S3Action } from './s3-failure.ts';

/**
 * Reads objects of any bucket, with the same settings as the store's. Nothing is asked, and the SDK is not loaded, before the first call.
 * @param settingOf how a bucket is reached
 */
export function createObjectFiles(
  settingOf: (bucket: string) => S3Setting,
  timeouts: S3Timeouts = usualTimeouts,
): ObjectFiles {
  const opened = new Map<string, Promise<S3>>();

  function open(bucket: string): Promise<S3> {
    const opening = opened.get(bucket) ?? openS3(settingOf(bucket), timeouts);
    opened.set(bucket, opening);
    opening.catch(() => opened.delete(bucket));
    return opening;
  }

  async function ask<T>(action: S3Action, url: string, work: (s3: S3, key: string) => Promise<T>): Promise<T> {
    const { bucket, key } = partsOf(url);
    try {
      return await work(await open(bucket), key);
    } catch (error) {
      throw failureOf(action, url, error);
    }
  }

  function failureOf(action: S3Action, url: string, error: unknown): Error {
    const { bucket } = partsOf(url);
    // Keys of a file are read again for the next request.
    if (concernsKeys(error)) opened.delete(bucket);
    if (isAbsent(error)) return absent(url);
    return objectFailure(settingOf(bucket), action, url, error);
  }

  return {
    stamp: (url) =>
      ask('read', url, async ({ client, sdk, at }, key) => {
        const found = await client.send(new sdk.HeadObjectCommand(at(key))).catch(async (error: unknown) => {
          // An answer without a body does not say whether the object is missing, or its bucket.
          if (isAbsent(error)) await client.send(new sdk.ListObjectsV2Command({ Bucket: at(key).Bucket, MaxKeys: 1 }));
          throw error;
        });
        return stampOf(found.ContentLength, found.ETag);
      }),

    read: (url, start, length) =>
      ask('read', url, async (s3, key) => {
        if (length === 0) return new Uint8Array();
        const range = { start, end: start + length };
        const bytes = await streamObject(s3, key, (error) => failureOf('read', url, error), range);
        if (bytes === null) throw absent(url);
        return buffer(bytes);
      }),

    async *stream(url, start, end) {
      const bytes = await ask('read', url, (s3, key) =>
        streamObject(s3, key, (error) => failureOf('read', url, error), { start, end }),
      );
      if (bytes === null) throw absent(url);
      yield* bytes;
    },

    async *list(prefix, isDeep) {
      const delimiter = isDeep ? {} : { Delimiter: '/' };
      let token: string | undefined;
      do {
        const page = await ask('list', prefix, ({ client, sdk, at }, key) => {
          const { Bucket } = at('');
          return client.send(
            new sdk.ListObjectsV2Command({ Bucket, Prefix: key, ContinuationToken: token, ...delimiter }),
          );
        });
        const { bucket } = partsOf(prefix);
        for (const { Key = '', Size, ETag } of page.Contents ?? []) {
          yield { url: `s3://${bucket}/${Key}`, ...stampOf(Size, ETag) };
        }
        token = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (token !== undefined);
    },
  };
}

function stampOf(size = 0, etag = ''): ObjectStamp {
  return { size, etag: etag.replaceAll('"', '') };
}

function partsOf(url: string): { readonly bucket: string; readonly key: string } {
  const parts = splitObjectUrl(url);
  if (parts !== null) return parts;
  throw new SourceRefused(
    `file: found ${url}, expected s3://bucket/key with a bucket name of small letters, digits, dots and hyphens`,
  );
}

/** As a file system says it. */
function absent(url: string): Error {
  return Object.assign(new Error(`${url} does not exist`), { code: 'ENOENT' });
}
