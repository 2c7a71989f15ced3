import { createHash, randomBytes } from 'node:crypto';
import { CopyGone, type BodyCopies } from '../../domain/storage/body-copies.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';

/** Bytes of each part but the last. */
const partBytes = 8 * 1024 * 1024;
/** A part begins with the sha256 of what follows. */
const hashBytes = 32;

/**
 * Copies of large bodies, in parts of 8 MiB. An attempt that a kill ends leaves its parts under a name that is in no position: the
 * run deletes them at its end, or the sweep does.
 */
export function createBodyCopies(store: BlobStore, source: string, runId: string): BodyCopies {
  const pathOf = (name: string, part: number) => storePaths.download.build({ source, runId, name, part });

  async function readPart(name: string, part: number): Promise<Buffer> {
    const path = pathOf(name, part);
    const blob = await store.get(path);
    if (blob === null) throw new CopyGone(`${path} is missing`);
    const content = blob.subarray(hashBytes);
    if (!hashOf(content).equals(blob.subarray(0, hashBytes))) throw new CopyGone(`${path} is damaged`);
    return content;
  }

  return {
    async write(content, onPart) {
      const name = randomBytes(8).toString('hex');
      const whole = createHash('sha256');
      let bytes = 0;
      let part = 0;
      try {
        for await (const chunk of inParts(content)) {
          whole.update(chunk);
          await store.putIfAbsent(pathOf(name, part++), Buffer.concat([hashOf(chunk), chunk]));
          bytes += chunk.length;
          onPart(bytes);
        }
      } catch (error) {
        // Each attempt would leave as much again as it has copied; where this fails, the run or the sweep deletes it.
        while (part > 0) await store.delete(pathOf(name, --part)).catch(() => undefined);
        throw error;
      }
      return { name, bytes, sha256: whole.digest('hex') };
    },

    async *stream({ name, bytes }, start, end = bytes) {
      const last = Math.min(end, bytes);
      for (let at = start; at < last;) {
        const part = Math.floor(at / partBytes);
        const content = await readPart(name, part);
        const from = at - part * partBytes;
        const wanted = content.subarray(from, Math.min(content.length, last - part * partBytes));
        if (wanted.length === 0) throw new CopyGone(`${pathOf(name, part)} is too short`);
        yield wanted;
        at += wanted.length;
      }
    },

    async clear() {
      for (const path of await store.list(storePaths.download.folder({ source, runId }))) await store.delete(path);
    },
  };
}

async function* inParts(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    for (let from = 0; from < chunk.length;) {
      const taken = chunk.subarray(from, from + partBytes - bytes);
      chunks.push(taken);
      bytes += taken.length;
      from += taken.length;
      if (bytes < partBytes) continue;
      yield Buffer.concat(chunks);
      [chunks, bytes] = [[], 0];
    }
  }
  if (bytes > 0) yield Buffer.concat(chunks);
}

function hashOf(content: Uint8Array): Buffer {
  return createHash('sha256').update(content).digest();
}
