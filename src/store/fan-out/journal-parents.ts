import { addDays, dayOfDate, type Day } from '../../domain/time/day.ts';
import { DamagedFile } from '../../domain/errors.ts';
import type { DayProgress, ParentPlace } from '../../domain/state/fan-out.ts';
import { isMissing } from '../blobs/file-errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalDay, JournalFile } from '../journal/journal-file.ts';
import { readJournal, stopAt, type JournalRow } from '../journal/read-journal.ts';
import type { FanOutProgress } from './fan-out-progress.ts';
import { passed, passedSealed, reached } from './fan-out-root.ts';
import { markOf, type ParentMark } from './parent-keys.ts';
import { partIdOf } from './part-id.ts';

/** A parent to request, or null; and what is noted once all before it, and it itself, are done. */
export interface ParentEvent {
  readonly parent: { readonly place: ParentPlace; readonly text: string } | null;
  readonly done: () => void;
}

export interface ParentsInput {
  readonly journal: Journal;
  /** The source whose records they are. */
  readonly parents: string;
  readonly progress: FanOutProgress;
  /** What is ingested later is left to the next run. ISO 8601. */
  readonly until: string;
  /** Whether a second pass follows, see `revisit`. */
  readonly revisits: boolean;
  readonly onProgress: (details: { readonly parents: string; readonly line: number }) => void;
}

/** How often a day is listed that is being sealed meanwhile. */
const looks = 5;
/** Younger days are compared with what is sealed of them at each run. */
const checkedDays = 3;

/** Parents that the journal has since they were last read, in order of ingestion. */
export async function* newParents(input: ParentsInput): AsyncGenerator<ParentEvent> {
  const { journal, parents, progress, until } = input;
  const open = new Set(await journal.partDays(parents));
  const recent = addDays(dayOfDate(new Date(until)), -checkedDays);
  const days = await journal.days(parents);
  for (const day of days) {
    if (progress.isPassed(day) && day < recent && !open.has(day)) continue;
    yield* newParentsOf(input, day);
  }
  progress.keepDays(new Set(days));
}

async function* newParentsOf(input: ParentsInput, day: Day, look = 1): AsyncGenerator<ParentEvent> {
  const { journal, parents, progress, until } = input;
  const before = await progress.day(day);
  const found = await journal.day(parents, day);
  try {
    const sealed = await sealedFileToRead(found, before);
    if (sealed !== null && found.sealed) {
      const left = found.parts.map(partIdOf);
      const note = (now: DayProgress) => passedSealed(now, sealed, left);
      if (sealed.isRead) yield* parentsOf(input, day, found.sealed, sealedId(sealed.sealed), note);
      else yield { parent: null, done: () => progress.change(day, note) };
    }
    for (const part of found.parts) {
      const id = partIdOf(part);
      if (before.parts.includes(id) || (part.ingestedAt !== null && part.ingestedAt > until)) continue;
      yield* parentsOf(input, day, part, id, (now) => passed(now, id));
    }
  } catch (error) {
    if (error instanceof DamagedFile) throw damagedJournal(parents, error);
    if (!isMissing(error) || look === looks) throw error;
    // Sealed since it was listed.
    return yield* newParentsOf(input, day, look + 1);
  }
  const isPassed = found.sealed !== null && found.parts.length === 0;
  yield { parent: null, done: () => progress.setPassed(day, isPassed) };
}

/** What is sealed of a day, where that is not what was passed before. */
async function sealedFileToRead(
  { sealed, parts }: JournalDay,
  before: DayProgress,
): Promise<{ readonly sealed: string; readonly merged: number; readonly isRead: boolean } | null> {
  if (sealed === null) return null;
  const manifest = (await sealed.manifest?.()) ?? null;
  // Without a manifest it cannot be compared: it is read again, and what it holds is known by its keys.
  if (manifest === null) return { sealed: 'unknown', merged: 0, isRead: true };
  if (manifest.sha256 === before.sealed) return null;
  const present = new Set(parts.map(partIdOf));
  const passedBefore = before.parts.filter((part) => !present.has(part)).length;
  // A sealing waits until each part of the day was passed: then it has just these.
  const isPassed = before.merged + passedBefore === manifest.parts;
  return { sealed: manifest.sha256, merged: manifest.parts, isRead: !isPassed };
}

function sealedId(sha256: string): string {
  return `sealed-${sha256}`;
}

async function* parentsOf(
  { progress, revisits, onProgress, parents }: ParentsInput,
  unit: Day,
  file: JournalFile,
  part: string,
  note: (day: DayProgress) => DayProgress,
): AsyncGenerator<ParentEvent> {
  const { open } = await progress.day(unit);
  const skip = open?.part === part ? open.line : 0;
  for await (const { marks, rows, line } of markedRows(file, skip)) {
    const known = await progress.keys.find(marks);
    onProgress({ parents, line });
    for (const [index, row] of rows.entries()) {
      const mark = marks[index];
      if (!mark || known[index] === mark.content || !progress.begin(mark)) continue;
      const at = line + index;
      const done = () => {
        progress.requested(mark, revisits);
        progress.change(unit, (day) => reached(day, part, at + 1));
      };
      yield { parent: { place: { unit, part, line: at }, text: row.payload }, done };
    }
    yield { parent: null, done: () => progress.change(unit, (day) => reached(day, part, line + rows.length)) };
  }
  yield { parent: null, done: () => progress.change(unit, note) };
}

interface MarkedRows {
  readonly rows: readonly JournalRow[];
  readonly marks: readonly ParentMark[];
  /** Rows of the file before these. */
  readonly line: number;
}

export async function* markedRows(file: JournalFile, skip: number): AsyncGenerator<MarkedRows> {
  let line = 0;
  for await (const read of readJournal(file, stopAt)) {
    const rows = read.slice(Math.max(0, skip - line));
    const first = line + read.length - rows.length;
    line += read.length;
    if (rows.length > 0)
      yield { rows, line: first, marks: rows.map(({ sourceId, payload }) => markOf(sourceId, payload)) };
  }
}

/** What is damaged is not passed over: its parents would be lost. */
export function damagedJournal(parents: string, { message }: DamagedFile): DamagedFile {
  return new DamagedFile(`for_each: the journal of ${parents} cannot be read: ${message}; see ./daybook verify`);
}
