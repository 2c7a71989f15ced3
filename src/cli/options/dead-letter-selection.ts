import type { Config } from '../../config/file/parse-config.ts';
import type { DeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import { UnknownSource, UsageError } from '../../domain/errors.ts';
import { findSource } from '../../config/file/find-source.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { listDeadLetters, type DeadLetterFilter } from '../../store/dead-letters/dead-letters.ts';
import { printInfo } from '../output/output.ts';

/** Dead letters of one source. */
export interface DeadLetterSelection {
  readonly source: string;
  readonly letters: readonly DeadLetter[];
}

/** Shorter beginnings of ids may mean many. */
const minIdLength = 6;

/**
 * The selected dead letters, by source. Those of removed sources are left out, and reported.
 * @param ids whole, or as much of them as lists show; none = all that the filter finds
 * @throws UsageError, UnknownSource
 */
export async function selectDeadLetters(
  store: BlobStore,
  config: Config,
  ids: readonly string[],
  filter: DeadLetterFilter,
): Promise<DeadLetterSelection[]> {
  if (filter.source !== undefined) findSource(config, filter.source);
  const found = await listDeadLetters(store, filter);
  const letters = withIds(found, ids);
  return [...new Set(letters.map(({ source }) => source))].flatMap((source) => {
    const own = letters.filter((letter) => letter.source === source);
    try {
      findSource(config, source);
      return [{ source, letters: own }];
    } catch (error) {
      if (!(error instanceof UnknownSource) || ids.length > 0) throw error;
      printInfo(`${source}: ${own.length} dead letters are kept: the source is no longer configured`);
      return [];
    }
  });
}

/**
 * The letters that ids name.
 * @param ids whole, or as much of them as lists show; none = all letters
 * @throws UsageError if an id names none
 */
export function withIds<Letter extends { readonly id: string }>(
  found: readonly Letter[],
  ids: readonly string[],
): readonly Letter[] {
  const unknown = ids.filter((part) => part.length < minIdLength || !found.some(({ id }) => id.startsWith(part)));
  if (unknown.length > 0) {
    throw new UsageError(
      `dead-letters: no dead letter has the id ${unknown.join(', ')}; use ids from ./daybook dead-letters list, at least their first ${minIdLength} characters`,
    );
  }
  return ids.length === 0 ? found : found.filter(({ id }) => ids.some((part) => id.startsWith(part)));
}
