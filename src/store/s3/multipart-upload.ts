import type { CompletedPart } from '@aws-sdk/client-s3';
import { newToken, ownerOf, putIfAbsent, settle } from './conditional-put.ts';
import type { S3 } from './s3-client.ts';
import { attemptsOf, isRefusal, nameOf } from './s3-failure.ts';

/** Bytes of the first parts: S3 allows no smaller ones than 5 MiB. */
const firstPartBytes = 8 * 1024 * 1024;
/** Of 10,000 parts that an object may have, these have the same size. */
const evenParts = 5_000;
/** Later, parts double each time that so many were sent: 10,000 of them are 500 GiB then. Some servers want even parts. */
const growAfter = 1_000;

/** How large a part may be, counted from 1. */
export function partBytes(number: number): number {
  const steps = number <= evenParts ? 0 : Math.ceil((number - evenParts) / growAfter);
  return firstPartBytes * 2 ** steps;
}

/**
 * Creates an object of any size unless there is one; a part of it is in memory at a time.
 * @returns whether it is this one that is there now
 * @throws what the content throws; then nothing is left but parts, which are deleted
 */
export async function putStreamIfAbsent(s3: S3, path: string, content: AsyncIterable<Uint8Array>): Promise<boolean> {
  const parts = partsOf(content);
  const { value: first = Buffer.alloc(0) } = await parts.next();
  const second = await parts.next();
  if (second.done) return putIfAbsent(s3, path, first);
  const upload = await Upload.begin(s3, path);
  try {
    await upload.send(first);
    await upload.send(second.value);
    for await (const part of parts) await upload.send(part);
  } catch (error) {
    await upload.abort();
    throw error;
  }
  return upload.complete();
}

/** The parts of a content. Two buffers hold them in turn: a part is there until the next but one is asked for. */
async function* partsOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  let [current, spare] = [Buffer.allocUnsafe(partBytes(1)), Buffer.alloc(0)];
  let [number, bytes] = [1, 0];
  for await (const chunk of content) {
    for (let rest = chunk; rest.length > 0;) {
      const taken = rest.subarray(0, current.length - bytes);
      current.set(taken, bytes);
      rest = rest.subarray(taken.length);
      bytes += taken.length;
      if (bytes < current.length) continue;
      yield current;
      [number, bytes] = [number + 1, 0];
      [current, spare] = [spare.length === partBytes(number) ? spare : Buffer.allocUnsafe(partBytes(number)), current];
    }
  }
  if (bytes > 0) yield current.subarray(0, bytes);
}

class Upload {
  readonly #s3: S3;
  readonly #path: string;
  readonly #id: string;
  readonly #token: string;
  readonly #parts: CompletedPart[] = [];

  private constructor(s3: S3, path: string, id: string, token: string) {
    this.#s3 = s3;
    this.#path = path;
    this.#id = id;
    this.#token = token;
  }

  static async begin(s3: S3, path: string): Promise<Upload> {
    const { token, metadata } = newToken();
    const command = new s3.sdk.CreateMultipartUploadCommand({ ...s3.at(path), ...s3.checksum, Metadata: metadata });
    const { UploadId: id } = await s3.client.send(command);
    if (id === undefined) throw new Error('the store has begun an upload without an id');
    return new Upload(s3, path, id, token);
  }

  async send(part: Buffer): Promise<void> {
    const { sdk, client, sending } = this.#s3;
    const PartNumber = this.#parts.length + 1;
    const command = new sdk.UploadPartCommand({ ...this.#upload, PartNumber, Body: part, ContentLength: part.length });
    const { ETag, ChecksumCRC32 } = await client.send(command, sending(part.length));
    this.#parts.push({ PartNumber, ETag, ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }) });
  }

  /** Parts that remain where this fails are deleted by the sweep. */
  async abort(): Promise<void> {
    const { sdk, client } = this.#s3;
    await client.send(new sdk.AbortMultipartUploadCommand(this.#upload)).catch(() => undefined);
  }

  async complete(): Promise<boolean> {
    const { sdk, completing } = this.#s3;
    const command = new sdk.CompleteMultipartUploadCommand({
      ...this.#upload,
      IfNoneMatch: '*',
      MultipartUpload: { Parts: this.#parts },
    });
    try {
      await completing(this.#parts.length).send(command);
      return true;
    } catch (error) {
      const isOwn = await this.#settle(error);
      if (!isOwn) await this.abort();
      return isOwn;
    }
  }

  /** Its content was read and cannot be sent again: without an object of the key the whole write fails, and is repeated. */
  async #settle(error: unknown): Promise<boolean> {
    const isUnsure = attemptsOf(error) > 1 || !isRefusal(error);
    if (nameOf(error) === 'PreconditionFailed') {
      return isUnsure && (await ownerOf(this.#s3, this.#path, this.#token)) === 'own';
    }
    // A conflict, or an upload that is gone after a try whose answer was lost: an object that is there says how it ended.
    const isOver = isUnsure || ['ConditionalRequestConflict', 'NoSuchUpload'].includes(nameOf(error));
    try {
      return await settle(this.#s3, this.#path, this.#token, isOver, error);
    } catch (failure) {
      await this.abort();
      throw failure;
    }
  }

  get #upload() {
    return { ...this.#s3.at(this.#path), UploadId: this.#id };
  }
}
