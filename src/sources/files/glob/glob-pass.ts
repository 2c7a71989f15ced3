import type { FilePosition } from '../../../domain/state/fetch-position.ts';
import type { FilePlan } from '../../../domain/plan/source-plan.ts';
import type { FileProgress } from '../../../domain/state/file-progress.ts';
import { fileError, isMissing } from '../file-error.ts';
import { FileFailures } from './file-failures.ts';
import { formatOf } from '../file-format.ts';
import { lookAt, stampOf } from '../open-file.ts';
import type { FileList, FilePlace } from '../places/file-place.ts';
import { mayHaveChanged, progressAt, startPosition } from '../reading-start.ts';

/** What a pass over the files of a glob works with. */
export interface PassInput {
  readonly plan: FilePlan;
  readonly run: string;
  /** Name of the blob that `progress` was read from. */
  readonly files: string | null;
  readonly list: FileList;
  /** How far each file has been read; the pass keeps it up to date. */
  readonly progress: Map<string, FileProgress>;
  readonly resolvePath: (path: string) => string;
  /** Where the files are. */
  readonly at: FilePlace;
  readonly signal: AbortSignal;
}

/**
 * One fetch through the files of a glob: in order, each once, those with something new. An unreadable file is noted and skipped;
 * once the others are read, those that failed in earlier fetches of the run are tried again.
 */
export class GlobPass {
  readonly #input: PassInput;
  readonly #failures = new FileFailures();
  /** Files that failed in this fetch. */
  readonly #failedNow = new Set<string>();
  readonly #warnings: string[] = [];
  /** Files that failed earlier, once all others are done. */
  #again: string[] | null = null;

  constructor(input: PassInput) {
    this.#input = input;
    for (const error of input.list.errors) this.#failures.add(error);
    for (const path of input.list.dangling) {
      this.#warnings.push(`${path} is a broken symbolic link; it is skipped`);
    }
  }

  get failures(): FileFailures {
    return this.#failures;
  }

  /** The first file that failed in this fetch; null while none has. */
  get firstFailed(): string | null {
    return this.#failedNow.values().next().value ?? null;
  }

  /** What an operator should know since this was last asked; null = nothing. */
  takeWarning(): string | null {
    const warnings = this.#warnings.splice(0);
    const more = warnings.length > 3 ? `; and ${warnings.length - 3} more` : '';
    return warnings.length === 0 ? null : warnings.slice(0, 3).join('; ') + more;
  }

  /** Where the fetch begins, from where the last one stopped. */
  async resume(from: FilePosition): Promise<FilePosition | null> {
    const { progress, run } = this.#input;
    if (from.path === '') {
      this.#again = this.#failedBefore();
      return this.next('');
    }
    // One that failed is read to the end that it has by now: it may have been half written.
    const isFresh = from.headHash === '' || progress.get(from.path)?.failed?.run === run;
    return (isFresh ? await this.#placeIn(from.path) : from) ?? this.next(from.path);
  }

  /** Where the next file begins that has something new; null behind the last one. */
  async next(path: string): Promise<FilePosition | null> {
    const { list, signal } = this.#input;
    if (!this.#again) {
      for (let index = firstAfter(list.paths, path); index < list.paths.length; index++) {
        signal.throwIfAborted();
        const place = await this.#placeIn(list.paths[index] ?? '');
        if (place) return place;
      }
      this.#again = this.#failedBefore();
    }
    for (let again = this.#again.shift(); again !== undefined; again = this.#again.shift()) {
      const place = await this.#placeIn(again);
      if (place) return place;
    }
    return null;
  }

  /** Notes how far a file has been read. */
  recordProgress(path: string, read: FileProgress): void {
    const { progress } = this.#input;
    const failed = read.complete ? undefined : progress.get(path)?.failed;
    progress.set(path, failed === undefined ? read : { ...read, failed });
  }

  /**
   * Notes that a file could not be read.
   * @param place the position of the read; null if it could not even be inspected
   */
  fail(path: string, error: unknown, place: FilePosition | null): void {
    if (isMissing(error)) {
      this.#warnings.push(`${path} was deleted before it was read; it is skipped`);
      return;
    }
    this.#failures.add(error);
    this.#failedNow.add(path);
    const { progress, run } = this.#input;
    const known = progress.get(path);
    const tries = known?.failed?.run === run ? known.failed.tries : 0;
    const blocks = known?.blocks === undefined ? {} : { blocks: known.blocks };
    const read = place ? { ...progressAt(place, false, false), ...blocks } : (known ?? nothingRead);
    progress.set(path, { ...read, complete: false, failed: { run, tries: tries + 1 } });
  }

  /** Forgets deleted files. If there are none at all, or a folder cannot be read, they may be missing temporarily. */
  forgetGone(): void {
    const { list, progress } = this.#input;
    if (list.errors.length > 0 || list.paths.length === 0) return;
    const there = new Set(list.paths);
    for (const path of progress.keys()) if (!there.has(path)) progress.delete(path);
  }

  /** Where to begin to read a file; null if it has nothing new, or cannot be read. */
  async #placeIn(path: string): Promise<FilePosition | null> {
    const { plan, progress, resolvePath, files, run, list, at } = this.#input;
    const known = progress.get(path);
    const failed = known?.failed?.run === run ? known.failed : null;
    // One that still grows and still cannot be read is not followed forever.
    if (known && known.headHash !== '' && failed && failed.tries >= plan.retry.maxAttempts) {
      const { complete: _complete, waitsForNewline: _waits, failed: _failed, blocks: _blocks, ...read } = known;
      return { ...read, type: 'file', path, files, stoodStill: false };
    }
    try {
      const absolute = resolvePath(path);
      const stamp = list.stamps?.get(path) ?? (await stampOf(plan.name, absolute, at));
      if (!mayHaveChanged(known, stamp)) return null;
      const look = await lookAt(plan.name, absolute, stamp, at);
      const format = formatOf(plan, path);
      const place = await startPosition({ path, absolutePath: absolute, at, format, known }, look);
      return place && { ...place, files };
    } catch (error) {
      this.fail(path, fileError(plan.name, resolvePath(path), error), null);
      return null;
    }
  }

  /** Files that failed in earlier fetches of this run, and are still there. */
  #failedBefore(): string[] {
    const { list, progress, run } = this.#input;
    return list.paths.filter((path) => progress.get(path)?.failed?.run === run && !this.#failedNow.has(path));
  }
}

const nothingRead: FileProgress = {
  offset: 0,
  lines: 0,
  size: 0,
  headBytes: 0,
  headHash: '',
  complete: false,
  waitsForNewline: false,
};

/** The index of the first path behind another one, in order. */
function firstAfter(paths: readonly string[], path: string): number {
  const index = paths.findIndex((other) => other > path);
  return index === -1 ? paths.length : index;
}
