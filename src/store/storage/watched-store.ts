import { dirname, join } from 'node:path';
import { codeOf, SinkUnavailable } from '../../domain/errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';

/** Observer of writes. */
export interface WriteReports {
  /** A write into a folder failed as writes fail where nothing can be written. */
  failed(folder: string, bytes: number, error: unknown): void;
  succeeded(folder: string, bytes: number): void;
}

/** System errors of a folder or a whole file system; all others concern one file. */
const codes = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EACCES',
  'EPERM',
  'EIO',
  'ENXIO',
  'ENODEV',
  'ESTALE',
  'ENOENT',
  'ENOTDIR',
  'EFBIG',
]);

/** A store below a folder whose writes are watched. */
export function watchedStore(root: string, store: BlobStore, reports: WriteReports): BlobStore {
  async function write<T>(path: string, bytes: number, work: () => Promise<T>): Promise<T> {
    const folder = dirname(join(root, path));
    try {
      const result = await work();
      reports.succeeded(folder, bytes);
      return result;
    } catch (error) {
      if (concernsFolder(error)) reports.failed(folder, bytes, error);
      throw error;
    }
  }
  return {
    ...store,
    putIfAbsent: (path, content) => write(path, content.length, () => store.putIfAbsent(path, content)),
    put: (path, content) => write(path, content.length, () => store.put(path, content)),
    putStreamIfAbsent: (path, content) => write(path, 0, () => store.putStreamIfAbsent(path, content)),
    delete: (path) => write(path, 0, () => store.delete(path)),
  };
}

function concernsFolder(error: unknown): boolean {
  return error instanceof SinkUnavailable && (error.cause === undefined || codes.has(codeOf(error.cause) ?? ''));
}
