import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Day } from '../../domain/time/day.ts';
import { DamagedFile } from '../../domain/errors.ts';
import { isMissing } from '../blobs/file-errors.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import type { JournalFile } from '../journal/journal-file.ts';
import { isOutside } from '../journal/manifest.ts';
import type { FanOutProgress } from './fan-out-progress.ts';
import { passed, reached } from './fan-out-root.ts';
import { damagedJournal, markedRows, type ParentEvent, type ParentsInput } from './journal-parents.ts';
import { partIdOf } from './part-id.ts';
import { listQueued, queueUnit, readQueued } from './queued-parents.ts';

/** Parents that replays have queued: their requests failed before. */
export async function* queuedParents(
  store: BlobStore,
  source: string,
  progress: FanOutProgress,
): AsyncGenerator<ParentEvent> {
  const listed = await listQueued(store, source);
  const { parts, open } = await progress.day(queueUnit);
  // Those that are done were deleted.
  if (parts.some((part) => !listed.includes(part))) {
    progress.change(queueUnit, (day) => ({ ...day, parts: day.parts.filter((part) => listed.includes(part)) }));
  }
  for (const part of listed) {
    if (parts.includes(part)) continue;
    const skip = open?.part === part ? open.line : 0;
    for (const [line, text] of (await readQueued(store, source, part)).entries()) {
      if (line < skip) continue;
      const done = () => progress.change(queueUnit, (day) => reached(day, part, line + 1));
      yield { parent: { place: { unit: queueUnit, part, line }, text }, done };
    }
    yield { parent: null, done: () => progress.change(queueUnit, (day) => passed(day, part)) };
  }
}

/** Parents that are not old and that this run has not requested yet: each once, as it was stored last. */
export async function* parentsAgain(input: ParentsInput, window: TimeRangeText): AsyncGenerator<ParentEvent> {
  const { journal, parents, progress } = input;
  progress.revisitAt ??= null;
  const from = progress.revisitAt;
  for (const day of await journal.days(parents, window)) {
    if (from !== null && day < from.unit) continue;
    yield* parentsAgainOf(input, window, day);
  }
}

/** How often a day is listed that is being sealed meanwhile. */
const looks = 5;

async function* parentsAgainOf(
  input: ParentsInput,
  window: TimeRangeText,
  day: Day,
  look = 1,
): AsyncGenerator<ParentEvent> {
  const { parents, progress } = input;
  try {
    const files = await filesOf(input, window, day);
    const from = progress.revisitAt?.unit === day ? progress.revisitAt : null;
    // A part that was sealed meanwhile: all of the day is read again, without what was requested.
    const start = Math.max(
      0,
      files.findIndex((file) => partIdOf(file) === from?.part),
    );
    for (const file of files.slice(start)) {
      const skip = from?.part === partIdOf(file) ? from.line : 0;
      yield* rowsAgain(input, window, { day, file, skip });
    }
  } catch (error) {
    if (error instanceof DamagedFile) throw damagedJournal(parents, error);
    if (!isMissing(error) || look === looks) throw error;
    yield* parentsAgainOf(input, window, day, look + 1);
  }
}

async function filesOf(
  { journal, parents, until }: ParentsInput,
  window: TimeRangeText,
  day: Day,
): Promise<JournalFile[]> {
  const { sealed, parts } = await journal.day(parents, day);
  const present = parts.filter(({ ingestedAt }) => ingestedAt === null || ingestedAt <= until);
  if (!sealed || isOutside((await sealed.manifest?.()) ?? null, window)) return present;
  return [sealed, ...present];
}

async function* rowsAgain(
  { progress, onProgress, parents }: ParentsInput,
  window: TimeRangeText,
  { day, file, skip }: { readonly day: Day; readonly file: JournalFile; readonly skip: number },
): AsyncGenerator<ParentEvent> {
  const part = partIdOf(file);
  for await (const { rows, marks, line } of markedRows(file, skip)) {
    const last = await progress.keys.find(marks);
    const requested = await progress.revisited.find(marks);
    onProgress({ parents, line });
    for (const [index, row] of rows.entries()) {
      const mark = marks[index];
      if (!mark || row.occurredAt < window.from || requested[index] !== null) continue;
      // What it held before is passed over.
      if (last[index] !== null && last[index] !== mark.content) continue;
      if (!progress.begin(mark)) continue;
      const at = { unit: day, part, line: line + index };
      const done = () => {
        progress.requested(mark, true);
        progress.revisitAt = { ...at, line: at.line + 1 };
      };
      yield { parent: { place: at, text: row.payload }, done };
    }
  }
}
