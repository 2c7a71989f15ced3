import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { SourceRefused } from '../../../domain/errors.ts';
import { listLocalFiles } from '../glob/list-files.ts';
import type { FilePlace } from './file-place.ts';

const chunkBytes = 1024 * 1024;

/** Files of this machine. */
export const localPlace: FilePlace = {
  isWritten: true,

  async stamp(subject, path) {
    const found = await stat(path);
    if (!found.isFile()) throw new SourceRefused(`file: ${subject}: ${path} is not a file, expected one`);
    const isSure = Date.now() - found.ctimeMs > tickMs(found.ctimeMs);
    return { size: found.size, inode: String(found.ino), ...(isSure ? { changedMs: found.ctimeMs } : {}) };
  },

  async read(path, start, length) {
    const handle = await open(path, 'r');
    try {
      const buffer = Buffer.allocUnsafe(length);
      let filled = 0;
      for (let more = -1; more !== 0 && filled < length; filled += more) {
        more = (await handle.read(buffer, filled, length - filled, start + filled)).bytesRead;
      }
      return buffer.subarray(0, filled);
    } finally {
      await handle.close();
    }
  },

  stream: (path, start, end) => createReadStream(path, { start, end: end - 1, highWaterMark: chunkBytes }),

  list: listLocalFiles,
};

/** How long two changes may have the same time: file systems without fractions count in steps of 1 or 2 s. */
function tickMs(time: number): number {
  return time % 1000 === 0 ? 2_000 : 50;
}
