import { createHash, type Hash } from 'node:crypto';
import type { FileBlocks } from '../../domain/state/file-progress.ts';
import type { Located } from './places/file-place.ts';
import { localPlace } from './places/local-place.ts';

/** Files are compared by blocks of this size. */
const blockBytes = 1024 * 1024;

/** Characters of a digest: 96 bits of a sha256. */
const digestLength = 16;

/** Stands for a block that was never compared: it is like any other. */
const unknown = '.'.repeat(digestLength);

/** Missing digests, as after 0.2.0, are computed for at most this long; a fetch may not take much longer. */
const maxHashingMs = 30_000;

/** The digests of a file's blocks, taken as its bytes pass by. */
export class BlockDigests {
  #digests: string;
  /** Of the block that is not whole yet. */
  #part: Hash | null = null;
  #bytes: number;

  /** @param before digests of the whole blocks before the first byte that is added */
  constructor(before: string) {
    this.#digests = before;
    this.#bytes = (before.length / digestLength) * blockBytes;
  }

  /** The position in the file of the next byte to add. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What was added up to now. */
  get blocks(): FileBlocks {
    const part = this.#part === null ? '' : textOf(this.#part.copy());
    return { bytes: this.#bytes, digests: this.#digests + part };
  }

  add(chunk: Buffer): void {
    for (let from = 0; from < chunk.length;) {
      const length = Math.min(chunk.length - from, blockBytes - (this.#bytes % blockBytes));
      this.#part ??= createHash('sha256');
      this.#part.update(chunk.subarray(from, from + length));
      this.#bytes += length;
      from += length;
      if (this.#bytes % blockBytes === 0) {
        this.#digests += textOf(this.#part);
        this.#part = null;
      }
    }
  }
}

/**
 * Where the digests of a file continue that is read from an offset of its decoded content: the part before is known, or read now. A
 * compressed file is read from its start.
 */
export async function digestsBefore(
  file: Located & { readonly blocks?: FileBlocks | undefined },
  offset: number,
  compressed: boolean,
): Promise<BlockDigests> {
  return new BlockDigests(await firstDigests(file, file.blocks, compressed ? 0 : Math.floor(offset / blockBytes)));
}

/** How many blocks digests stand for, the last one in part. */
export function countBlocks({ digests }: FileBlocks): number {
  return Math.floor(digests.length / digestLength);
}

/** The digests of the first whole blocks of a file: those that are known, the others from the file. */
async function firstDigests(
  file: Located,
  known: FileBlocks | undefined,
  count: number,
  limitMs = maxHashingMs,
): Promise<string> {
  const whole = known ? Math.min(count, Math.floor(known.bytes / blockBytes)) : 0;
  const digests = known?.digests.slice(0, whole * digestLength) ?? '';
  return whole === count ? digests : digests + (await digestsFromFile(file, whole, count * blockBytes, limitMs));
}

/** The digests of the first bytes of a file: those of whole blocks that are known, the others from the file. */
export async function blocksUpTo(
  file: Located,
  known: FileBlocks | undefined,
  bytes: number,
  limitMs = maxHashingMs,
): Promise<FileBlocks> {
  if (known?.bytes === bytes) return known;
  const whole = Math.floor(bytes / blockBytes);
  const digests = await firstDigests(file, known, whole, limitMs);
  return { bytes, digests: digests + (await digestsFromFile(file, whole, bytes, limitMs)) };
}

/** Whether blocks of a file still are what their digests say. */
export async function areSame(file: Located, known: FileBlocks, blocks: Iterable<number>): Promise<boolean> {
  for (const block of blocks) {
    const expected = known.digests.slice(block * digestLength, (block + 1) * digestLength);
    if (expected !== unknown && (await digestOf(file, block, known.bytes)) !== expected) return false;
  }
  return true;
}

async function digestsFromFile(file: Located, first: number, bytes: number, limitMs: number): Promise<string> {
  let digests = '';
  const startedAt = performance.now();
  for (let block = first; block * blockBytes < bytes; block++) {
    const isLate = performance.now() - startedAt >= limitMs;
    digests += isLate ? unknown : await digestOf(file, block, bytes);
  }
  return digests;
}

/** @param end where the last block ends */
async function digestOf({ path, at = localPlace }: Located, block: number, end: number): Promise<string> {
  const start = block * blockBytes;
  const bytes = await at.read(path, start, Math.min(blockBytes, end - start));
  return textOf(createHash('sha256').update(bytes));
}

function textOf(hash: Hash): string {
  return hash.digest('base64url').slice(0, digestLength);
}
