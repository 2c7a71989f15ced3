import { storeName, type S3Setting } from '../../domain/storage/store-setting.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { putIfAbsent } from './conditional-put.ts';
import { proveConditions } from './condition-probe.ts';
import { putStreamIfAbsent } from './multipart-upload.ts';
import { abortOldUploads, listFolders, listObjects } from './object-list.ts';
import { readObject, streamObject } from './object-reader.ts';
import { openS3, usualTimeouts, type S3, type S3Timeouts } from './s3-client.ts';
import { checkRights } from './rights-check.ts';
import { concernsKeys, isAbsent, s3Failure, type S3Action } from './s3-failure.ts';

/** A store in a bucket. */
export interface S3Store extends BlobStore {
  /**
   * Checks once whether the bucket keeps conditions; conditional writes wait for it.
   * @throws UsageError if it does not, SinkUnavailable if it cannot be asked
   */
  readonly prove: () => Promise<void>;
  /** Checks each right that Daybook needs, see `rights-check.ts`. */
  readonly checkRights: () => Promise<void>;
}

/** Blobs as objects of a bucket, below a prefix. Nothing is asked, and the SDK is not loaded, before the first call. */
export function createS3Store(setting: S3Setting, timeouts: S3Timeouts = usualTimeouts): S3Store {
  const connection = new Connection(setting, timeouts);
  let proof: Promise<void> | null = null;

  async function prove(): Promise<void> {
    proof ??= connection.ask('write', '', (s3) => proveConditions(s3, storeName(setting)));
    // A store that could not be asked is asked again.
    proof.catch(() => (proof = null));
    await proof;
  }

  async function* walkListed(folder: string) {
    try {
      yield* listObjects(await connection.open(), folder);
    } catch (error) {
      throw connection.failure('list', folder, error);
    }
  }

  const blobs: BlobStore = {
    async putIfAbsent(path, content) {
      await prove();
      return connection.ask('write', path, (s3) => putIfAbsent(s3, path, Buffer.from(content)));
    },

    async putStreamIfAbsent(path, content) {
      await prove();
      let broken: { readonly error: unknown } | null = null;
      async function* watched(): AsyncGenerator<Uint8Array> {
        try {
          yield* content;
        } catch (error) {
          broken = { error };
          throw error;
        }
      }
      return connection
        .ask('write', path, (s3) => putStreamIfAbsent(s3, path, watched()))
        .catch((error: unknown) => {
          // An error of the content's source is not an error of the store.
          throw broken === null ? error : broken.error;
        });
    },

    async put(path, content) {
      const Body = Buffer.from(content);
      await connection.ask('write', path, ({ sdk, client, at, sending }) =>
        client.send(new sdk.PutObjectCommand({ ...at(path), Body, ContentLength: Body.length }), sending(Body.length)),
      );
    },

    get: (path) => connection.ask('read', path, (s3) => readObject(s3, path)),

    getStream: (path) =>
      connection.ask('read', path, (s3) => streamObject(s3, path, (error) => connection.failure('read', path, error))),

    async *walk(folder) {
      for await (const { path } of walkListed(folder)) yield path;
    },

    async list(folder) {
      const paths: string[] = [];
      for await (const { path } of walkListed(folder)) paths.push(path);
      return paths;
    },

    async sizes(folder) {
      const sizes = new Map<string, number>();
      for await (const { path, bytes } of walkListed(folder)) sizes.set(path, bytes);
      return sizes;
    },

    folders: (folder) => connection.ask('list', folder, (s3) => listFolders(s3, folder)),

    async listOlder(folder, before) {
      const older: string[] = [];
      for await (const { path, modified } of walkListed(folder)) {
        if (modified !== null && modified < before) older.push(path);
      }
      return older;
    },

    async delete(path) {
      await connection.ask('delete', path, async ({ sdk, client, at }) => {
        await client.send(new sdk.DeleteObjectCommand(at(path))).catch((error: unknown) => {
          if (!isAbsent(error)) throw error;
        });
      });
    },

    deleteLeftovers: (signal) =>
      connection
        .ask('sweep', '', (s3) => abortOldUploads(s3, signal))
        .catch((error: unknown) => {
          signal.throwIfAborted();
          throw error;
        }),
  };
  const ask: Connection['ask'] = (action, path, work) => connection.ask(action, path, work);
  return { ...blobs, prove, checkRights: () => checkRights(blobs, ask) };
}

/** The bucket, opened at its first use. */
class Connection {
  readonly #setting: S3Setting;
  readonly #timeouts: S3Timeouts;
  #opened: Promise<S3> | null = null;

  constructor(setting: S3Setting, timeouts: S3Timeouts) {
    this.#setting = setting;
    this.#timeouts = timeouts;
  }

  async ask<T>(action: S3Action, path: string, work: (s3: S3) => Promise<T>): Promise<T> {
    try {
      return await work(await this.open());
    } catch (error) {
      throw this.failure(action, path, error);
    }
  }

  async open(): Promise<S3> {
    const opening = (this.#opened ??= openS3(this.#setting, this.#timeouts));
    opening.catch(() => this.#close());
    return opening;
  }

  failure(action: S3Action, path: string, error: unknown): Error {
    // The SDK reads a file of keys once: the next request opens the bucket again, with those that are there by then.
    if (concernsKeys(error)) this.#close();
    return s3Failure(this.#setting, action, path, error);
  }

  #close(): void {
    this.#opened = null;
  }
}
