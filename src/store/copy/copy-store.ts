import { isDeepStrictEqual } from 'node:util';
import { CannotStart, DamagedFile, UsageError } from '../../domain/errors.ts';
import { readIdentity, type StoreIdentity } from '../identity.ts';
import { syncBlobs } from './copy-blobs.ts';
import { beginCopy, finishCopy, identityToCopy, judgeTarget } from './copy-identity.ts';
import { syncJournal } from './copy-journal.ts';
import type { CopySide } from './copy-side.ts';
import { requireOtherPlace } from './other-place.ts';
import { CopyTally, type ComparedRecords, type DayRecords, type Look } from './copy-tally.ts';

export interface CopyOptions {
  /** Whether an older complete copy at the target may be changed. */
  readonly replace: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (step: CopyStep, files: number) => void;
  /** @throws if workers may write to a store with this id */
  readonly requireNoWorkers: (storeId: string) => Promise<void>;
}

export type CopyStep = 'copied' | 'compared';

export interface CopyResult {
  /** Files of the store that is copied. */
  readonly files: number;
  /** Written by this run, with their bytes. */
  readonly written: number;
  readonly bytes: number;
  /** Deleted in the target, because the store has them no more. */
  readonly deleted: number;
  readonly records: number;
  readonly days: readonly DayRecords[];
  /** Files in the folder of the journal that are not Daybook's, at most 20 of them. */
  readonly leftOut: readonly string[];
  readonly leftOutCount: number;
}

/** More looks than that find what someone writes meanwhile. */
const maxLooks = 3;

/**
 * Copies a whole store: what it holds in the layout of the target, and its identity last. Until then no worker uses the target. A
 * further run copies what is missing or different, whatever ended the one before.
 * @throws UsageError if one of the two cannot be used, DamagedFile where something cannot be copied, CannotStart if the store changed
 * meanwhile
 */
export async function copyStore(from: CopySide, to: CopySide, options: CopyOptions): Promise<CopyResult> {
  await to.prove();
  const own = await identityToCopy(from);
  const found = await judgeTarget(from, own, to);
  await requireOtherPlace(from, to);
  await options.requireNoWorkers(own.id);
  const look = async (step: CopyStep, how: Pick<Look, 'content' | 'fix'>): Promise<CopyTally> => {
    const onProgress = (files: number) => options.onProgress(step, files);
    const tally = new CopyTally({ ...how, signal: options.signal, onProgress });
    await syncBlobs(from, to, tally);
    await syncJournal(from, to, tally);
    return tally;
  };
  if (found === 'finished' && !options.replace) {
    const compared = await look('compared', { content: true, fix: false });
    requireCopyable(compared);
    if (compared.differences === 0) return finish(from, to, own, [compared]);
    throw new UsageError(
      `store copy: ${to.name} is an older copy of ${from.name}: ${compared.differences} files differ, such as ${compared.changes[0]}; --replace makes it equal`,
    );
  }
  await beginCopy(from, own, to, found);
  const looks = [await look('copied', { content: false, fix: true })];
  for (let number = 1; number <= maxLooks; number++) {
    const compared = await look('compared', { content: true, fix: true });
    looks.push(compared);
    requireCopyable(compared);
    if (compared.differences > 0) continue;
    await options.requireNoWorkers(own.id);
    return finish(from, to, own, looks);
  }
  throw changed(from, looks.at(-1)?.changes[0]);
}

/** @param looks the last one found both equal */
async function finish(
  from: CopySide,
  to: CopySide,
  own: StoreIdentity,
  looks: readonly CopyTally[],
): Promise<CopyResult> {
  const miscounted = looks.at(-1)?.days.find(({ records, present }) => records !== present);
  if (miscounted !== undefined) throw miscount(miscounted, to);
  if (!isDeepStrictEqual(await readIdentity(from.blobs), own)) throw changed(from, 'store.json');
  await finishCopy(own, to);
  const sum = (count: (tally: CopyTally) => number) => looks.reduce((total, tally) => total + count(tally), 0);
  const { files = 0, days = [], leftOut = [], leftOutCount = 0 } = looks.at(-1) ?? {};
  return {
    files,
    written: sum(({ written }) => written),
    bytes: sum(({ bytes }) => bytes),
    deleted: sum(({ deleted }) => deleted),
    records: days.reduce((total, { records }) => total + records, 0),
    days: days
      .map(({ source, day, records }) => ({ source, day, records }))
      .toSorted((a, b) => (`${a.source}/${a.day}` < `${b.source}/${b.day}` ? -1 : 1)),
    leftOut,
    leftOutCount,
  };
}

function miscount({ source, day, records, present }: ComparedRecords, { name }: CopySide): DamagedFile {
  return new DamagedFile(
    `store copy: ${name} has ${present} records of ${source} ingested on ${day}, expected ${records}; run it again`,
  );
}

function requireCopyable({ problems }: CopyTally): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  throw new DamagedFile(
    `store copy: ${first}${others.length === 0 ? '' : `; and ${others.length} others`}; then run it again: everything else is copied`,
  );
}

function changed({ name }: CopySide, path = 'a file'): CannotStart {
  return new CannotStart(
    `store copy: ${path} in ${name} changed while it was copied, expected a store at rest; stop all workers and commands that use it, and run it again`,
  );
}
