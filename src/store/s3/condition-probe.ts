import { randomUUID } from 'node:crypto';
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import { UsageError } from '../../domain/errors.ts';
import { bucketProbes } from '../paths/bucket-paths.ts';
import { newToken, ownerOf } from './conditional-put.ts';
import type { S3 } from './s3-client.ts';
import { isRefusal, nameOf } from './s3-failure.ts';

/**
 * Tries whether the store keeps its conditions: without them two workers overwrite each other, and a store may answer that all
 * went well. Works on an object of its own, which it deletes.
 * @param name of the store, for messages
 * @throws UsageError if it does not; other failures as the store answers them
 */
export async function proveConditions(s3: S3, name: string): Promise<void> {
  const path = bucketProbes.conditions.build({ name: randomUUID() });
  try {
    const { token, metadata } = newToken();
    await put(s3, path, 'first', { Metadata: metadata });
    // By it a write knows its own object, see `conditional-put.ts`.
    if ((await ownerOf(s3, path, token)) !== 'own')
      throw unusable(name, 'a HEAD did not give back the metadata of a PUT');
    await requireRefused(name, 'a second PUT of a key with If-None-Match: *', () =>
      put(s3, path, 'second', { IfNoneMatch: '*' }),
    );
    await requireRefused(name, 'the completion of an upload onto a key with If-None-Match: *', () =>
      overwrite(s3, path),
    );
    await requireRefused(name, 'a GET with If-Match of another version', () => get(s3, path, { IfMatch: '"other"' }));
    const [whole, end] = [await get(s3, path, {}), await get(s3, path, { Range: 'bytes=2-' })];
    if (whole !== 'first') throw unusable(name, `it answered 412 and replaced the object all the same`);
    if (end !== 'rst') throw unusable(name, 'it ignores the header Range');
  } finally {
    await s3.client.send(new s3.sdk.DeleteObjectCommand(s3.at(path))).catch(() => undefined);
  }
}

async function requireRefused(name: string, what: string, ask: () => Promise<unknown>): Promise<void> {
  try {
    await ask();
  } catch (error) {
    if (nameOf(error) === 'PreconditionFailed') return;
    // `NotImplemented` has 501, `InvalidRequest` and `InvalidArgument` have 400.
    if (nameOf(error) === 'NotImplemented' || (isRefusal(error) && /^Invalid(?:Request|Argument)$/.test(nameOf(error))))
      throw unusable(name, `it answered ${what} with ${nameOf(error)}, expected 412`);
    throw error;
  }
  throw unusable(name, `it accepted ${what}, expected 412`);
}

function unusable(name: string, why: string): UsageError {
  return new UsageError(
    `DAYBOOK_STORE: ${name} does not keep conditions: ${why}; records would be lost or stored twice. Use a store with conditional writes, or a newer version of it`,
  );
}

async function put(
  s3: S3,
  path: string,
  text: string,
  more: Pick<PutObjectCommandInput, 'IfNoneMatch' | 'Metadata'>,
): Promise<void> {
  const Body = Buffer.from(text);
  await s3.client.send(new s3.sdk.PutObjectCommand({ ...s3.at(path), ...more, Body, ContentLength: Body.length }));
}

async function get(s3: S3, path: string, more: { readonly Range?: string; readonly IfMatch?: string }) {
  const { Body } = await s3.client.send(new s3.sdk.GetObjectCommand({ ...s3.at(path), ...more }));
  return Body?.transformToString();
}

/** Completes an upload of one part, which any size will do for. */
async function overwrite(s3: S3, path: string): Promise<void> {
  const { sdk, client } = s3;
  const { UploadId } = await client.send(new sdk.CreateMultipartUploadCommand({ ...s3.at(path), ...s3.checksum }));
  const upload = { ...s3.at(path), UploadId };
  try {
    const Body = Buffer.from('third');
    const { ETag, ChecksumCRC32 } = await client.send(
      new sdk.UploadPartCommand({ ...upload, PartNumber: 1, Body, ContentLength: Body.length }),
    );
    const part = { PartNumber: 1, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) };
    await client.send(
      new sdk.CompleteMultipartUploadCommand({ ...upload, IfNoneMatch: '*', MultipartUpload: { Parts: [part] } }),
    );
  } finally {
    await client.send(new sdk.AbortMultipartUploadCommand(upload)).catch(() => undefined);
  }
}
