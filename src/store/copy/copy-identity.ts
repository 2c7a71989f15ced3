import { randomUUID } from 'node:crypto';
import { UsageError } from '../../domain/errors.ts';
import {
  readIdentity,
  replaceIdentity,
  holdsData,
  storeIdentity,
  writeIdentity,
  type StoreIdentity,
} from '../identity.ts';
import { storeFolders } from '../paths/paths.ts';
import type { CopySide } from './copy-side.ts';

/** What is in the target. */
export type TargetFound = 'nothing' | 'unfinished' | 'finished';

/**
 * The identity of the store that is copied; one of 0.2.0 gets it now: by it a second copy knows its target.
 * @throws UsageError if there is none to copy
 */
export async function identityToCopy(from: CopySide): Promise<StoreIdentity> {
  const found = await readIdentity(from.blobs);
  if (found === null && !(await holdsData(from.blobs)) && (await from.journal.sources()).length === 0) {
    throw new UsageError(`store copy: found no store in ${from.name}, expected the folder or the bucket of a Daybook`);
  }
  const identity = await storeIdentity(from.blobs);
  if (identity.unfinishedCopy === null) return identity;
  throw new UsageError(
    `store copy: ${from.name} is an unfinished copy of ${identity.unfinishedCopy.from}, expected a complete store; finish that copy first: --from ${identity.unfinishedCopy.from} --to ${from.name}`,
  );
}

/** @throws UsageError if it must not be written to */
export async function judgeTarget(from: CopySide, own: StoreIdentity, to: CopySide): Promise<TargetFound> {
  const found = await readIdentity(to.blobs);
  if (found === null) {
    const path = await firstFile(to);
    if (path === null) return 'nothing';
    throw new UsageError(
      `store copy: found ${path} in ${to.name}, but no readable store.json, expected a place without such files, or a copy of ${from.name}; use another folder or prefix`,
    );
  }
  if (found.id !== own.id) {
    throw new UsageError(
      `store copy: ${to.name} holds another store (id ${found.id}), expected a place without one, or a copy of ${from.name} (id ${own.id}); use another folder or prefix`,
    );
  }
  if (found.unfinishedCopy !== null) return 'unfinished';
  if (found.counter <= own.counter) return 'finished';
  throw new UsageError(
    `store copy: workers have used ${to.name} since it was copied (its counter is ${found.counter}, that of ${from.name} is ${own.counter}): copying would undo their work; copy in the other direction, or use another folder or prefix`,
  );
}

/**
 * Until `finishCopy` no worker uses the target.
 * @throws UsageError if someone else has put a store there meanwhile
 */
export async function beginCopy(from: CopySide, own: StoreIdentity, to: CopySide, found: TargetFound): Promise<void> {
  const unfinishedCopy = { from: from.name, since: new Date().toISOString() };
  if (found === 'nothing') await writeIdentity(to.blobs, { ...own, unfinishedCopy });
  else await replaceIdentity(to.blobs, { ...own, unfinishedCopy });
  if (found === 'nothing') await judgeTarget(from, own, to);
}

/** The last step: the target is complete. Workers on it do not poll beside those of the store or of another copy: see `StoreKey`. */
export async function finishCopy(own: StoreIdentity, to: CopySide): Promise<void> {
  const found = await readIdentity(to.blobs);
  const isOwnCopy = found !== null && found.unfinishedCopy === null && found.copy !== own.copy;
  // One that is equal already stays the copy that it is.
  await replaceIdentity(to.blobs, { ...own, copy: (isOwnCopy ? found.copy : null) ?? randomUUID() });
}

async function firstFile({ blobs, journalBlobs }: CopySide): Promise<string | null> {
  for (const folder of storeFolders) for await (const path of blobs.walk(folder)) return path;
  for await (const path of journalBlobs.walk('')) return `csv/${path}`;
  return null;
}
