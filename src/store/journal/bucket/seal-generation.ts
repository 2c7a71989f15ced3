import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { inParallel } from '../../../domain/in-parallel.ts';
import { SinkUnavailable } from '../../../domain/errors.ts';
import { isMissing } from '../../blobs/file-errors.ts';
import { bucketPaths } from '../../paths/bucket-paths.ts';
import type { SourceDay } from '../journal-file.ts';
import { parseManifest, type SealManifest } from '../manifest.ts';
import { manifestOf } from '../merged-manifest.ts';
import { mergeDay, type Merged, type Rewrite } from '../merge-day.ts';
import type { SealContext } from '../seal-context.ts';
import { generationOf, listDay, type BucketDay } from './bucket-day.ts';
import { bucketFile, type FilePlace } from './bucket-file.ts';
import { deleteFormer, newSealedPath, putManifest, writeSealed } from './generation-file.ts';

/** How often a day is sealed from scratch because another sealer was first. */
const maxTries = 8;
const waitMs = 100;
/** Deletions at once: a day has up to 1,440 parts of a source that is polled every minute. */
const deletions = 8;

/**
 * Seals a day as its next generation. Its file is written under a name of its own; then its manifest decides, which only one sealer
 * can write. The others start again. Only what is in the file of a manifest is deleted. So nothing is lost or doubled by two
 * sealers, or by a kill at any moment: parts that are left are merged again, without effect, and what the next sealing does not
 * need it deletes.
 * @param rewrite makes new rows, also of a day that has no parts; null = none
 * @returns false if there was nothing to do
 */
export async function sealGeneration(
  place: FilePlace,
  of: SourceDay,
  context: SealContext,
  rewrite: Rewrite | null = null,
): Promise<boolean> {
  for (let tries = 1; tries <= maxTries; tries++) {
    context.signal.throwIfAborted();
    const isSealed = await sealOnce(place, of, context, rewrite);
    if (isSealed !== null) return isSealed;
    // The other one still deletes what it has sealed.
    await sleep(waitMs * 2 ** tries * Math.random(), undefined, { signal: context.signal });
  }
  throw new SinkUnavailable(`journal: ${of.source} ${of.day} is being sealed by another process; it is retried`);
}

/** @returns null if another sealer was first */
async function sealOnce(
  place: FilePlace,
  { source, day }: SourceDay,
  context: SealContext,
  rewrite: Rewrite | null,
): Promise<boolean | null> {
  try {
    const found = await listDay(place, source, day);
    const { parts, sealed, hasRemains, generation } = found;
    if (parts.length > 0 && (await context.mayMerge?.(found)) === false) return false;
    if (parts.length > 0 || (rewrite !== null && sealed !== null)) {
      return (await new Sealing(place, found, context, rewrite).run()) ? true : null;
    }
    if (!hasRemains || sealed === null) return false;
    // Only the manifest says which file counts: where it cannot be read, nothing is deleted.
    await sealed.manifest?.();
    await deleteFormer(place.blobs, found, generation, sealed.name);
    return true;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/**
 * Deletes all that is sealed of a day; parts stay, and so does what a sealer is writing. The manifests go first: what has none is not
 * read.
 */
export async function deleteGenerations(
  place: FilePlace,
  { source, day }: SourceDay,
  signal: AbortSignal,
): Promise<void> {
  const { manifestNames, sealedNames, generation, parts } = await listDay(place, source, day);
  const isOver = (name: string) => generationOf(name) <= generation || (generation === 0 && parts.length === 0);
  for (const name of [...manifestNames, ...sealedNames.filter(isOver)]) {
    signal.throwIfAborted();
    await place.blobs.delete(name);
  }
}

class Sealing {
  readonly #place: FilePlace;
  readonly #found: BucketDay;
  readonly #context: SealContext;
  readonly #rewrite: Rewrite | null;
  readonly #generation: number;

  constructor(place: FilePlace, found: BucketDay, context: SealContext, rewrite: Rewrite | null) {
    this.#place = place;
    this.#found = found;
    this.#context = context;
    this.#rewrite = rewrite;
    this.#generation = found.generation + 1;
  }

  /** @returns false if another sealer was first */
  async run(): Promise<boolean> {
    const { blobs } = this.#place;
    const { onProgress } = this.#context;
    const written = await this.#merge();
    onProgress({ step: 'merged' });
    const isNew = await this.#isNew(written.merged);
    const isSealed = isNew && ((await this.#publish(written)) || (await this.#isNamed(written.path)));
    if (!isSealed) await blobs.delete(written.path);
    if (isNew && !isSealed) return false;
    const current = isNew ? written.path : (this.#found.sealed?.name ?? '');
    await deleteFormer(this.#place.blobs, this.#found, isNew ? this.#generation : this.#found.generation, current);
    onProgress({ step: 'sealed in place' });
    await inParallel(this.#found.parts, deletions, async ({ name }) => {
      await blobs.delete(name);
      onProgress({ step: 'part deleted' });
    });
    return true;
  }

  /** Writes the merged day under a name that no one else uses. @throws the ENOENT of a file that was sealed or deleted meanwhile */
  async #merge(): Promise<{ readonly path: string; readonly merged: Merged }> {
    const { blobs } = this.#place;
    const { signal, onProgress } = this.#context;
    const { source, day } = this.#found;
    const path = newSealedPath({ source, day, generation: this.#generation });
    const file = bucketFile(
      this.#place,
      { kind: 'sealed', name: path, ingestedAt: day, check: null, manifest: null },
      null,
    );
    const write = (text: Readable) => writeSealed(blobs, path, compressed(text, signal));
    try {
      const target = { name: file.path, stream: file.stream, write };
      const merged = await mergeDay(this.#found, target, signal, (rows) => onProgress({ rows }), this.#rewrite);
      return { path, merged };
    } catch (error) {
      await blobs.delete(path).catch(() => undefined);
      throw error;
    }
  }

  /** Parts without new records were sealed before: their deletion was interrupted, or they were written again. */
  async #isNew({ added, sha256 }: Merged): Promise<boolean> {
    const before = (await this.#found.sealed?.manifest?.()) ?? null;
    return before === null || added > 0 || before.sha256 !== sha256;
  }

  /** @returns whether the manifest is this sealer's */
  async #publish({ path, merged }: { readonly path: string; readonly merged: Merged }): Promise<boolean> {
    const { source, day, sealed, parts } = this.#found;
    const before = (await sealed?.manifest?.()) ?? null;
    this.#context.signal.throwIfAborted();
    if (!(await this.#isStill(before, path))) return false;
    const manifest = manifestOf({ source, day }, merged, before, parts.length);
    const next = { source, day, generation: this.#generation };
    if (!(await putManifest(this.#place.blobs, next, manifest, path))) return false;
    this.#context.onProgress({ step: 'manifest in place' });
    return true;
  }

  /** Whether the manifest names this sealer's file after all. The store may have taken the manifest of this sealer for another one's. */
  async #isNamed(path: string): Promise<boolean> {
    const { source, day } = this.#found;
    const of = { source, day, generation: this.#generation };
    const content = await this.#place.blobs.get(bucketPaths.sealManifest.build(of));
    // It may be replaced already, with a file that has all records of this one.
    if (content === null) return false;
    const { file } = parseManifest(content, bucketPaths.sealManifest.build(of), 'it is read again by the next sealing');
    return path === `${bucketPaths.sealed.folder(of)}/${file ?? ''}`;
  }

  /**
   * Whether the day is sealed as it was when it was listed. Of a sealer that was suspended for long the manifest of its generation may
   * have been written and replaced; or the day was deleted, and the generations began again; or its own file was deleted as a leftover.
   */
  async #isStill(before: SealManifest | null, path: string): Promise<boolean> {
    const { source, day, generation } = this.#found;
    const now = await listDay(this.#place, source, day);
    if (now.generation !== generation || !now.sealedNames.includes(path)) return false;
    return (await now.sealed?.manifest?.())?.sha256 === before?.sha256;
  }
}

/** An error of the text fails the reading of the compressed stream. */
function compressed(text: Readable, signal: AbortSignal): Readable {
  const packed = new PassThrough();
  pipeline(text, createGzip(), packed, { signal }).catch((error: unknown) => packed.destroy(error as Error));
  return packed;
}
