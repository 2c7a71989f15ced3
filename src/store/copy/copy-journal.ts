import { buffer } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { inParallel } from '../../domain/in-parallel.ts';
import { DamagedFile } from '../../domain/errors.ts';
import type { Day } from '../../domain/time/day.ts';
import { isMissing } from '../blobs/file-errors.ts';
import type { Journal } from '../journal/journal.ts';
import type { JournalDay, JournalFile } from '../journal/journal-file.ts';
import type { SealManifest } from '../journal/manifest.ts';
import { readJournal } from '../journal/read-journal.ts';
import { digest } from './copy-blobs.ts';
import type { CopySide } from './copy-side.ts';
import type { CopyTally } from './copy-tally.ts';
import { isJournalName } from './journal-names.ts';
import { retried } from './retried.ts';
import { manifestToCopy } from './sealed-manifest.ts';

/** A source may have a sealed day for each of some years, or a day with a part for each minute. */
const [daysAtOnce, partsAtOnce] = [4, 8];

/** Makes the CSV journal of the target that of the store, each in the layout of its kind. */
export async function syncJournal(from: CopySide, to: CopySide, tally: CopyTally): Promise<void> {
  const sources = new Set([...(await from.journal.sources()), ...(await to.journal.sources())]);
  for (const source of [...sources].sort()) {
    const days = new Set([...(await from.journal.days(source)), ...(await to.journal.days(source))]);
    await inParallel([...days].sort(), daysAtOnce, async (day) => {
      tally.look.signal.throwIfAborted();
      try {
        await retried(tally.look.signal, () => new DaySync(from.journal, to.journal, source, day, tally).run());
      } catch (error) {
        if (error instanceof DamagedFile) tally.problems.push(error.message);
        // It was sealed meanwhile: the next look finds it as it is then.
        else if (isMissing(error)) tally.wrote(`${source}/${day}`, 0);
        else throw error;
      }
    });
  }
  for await (const path of from.journalBlobs.walk('')) if (!isJournalName(path)) tally.leaveOut(path);
}

/** A day of a source in both journals. */
class DaySync {
  readonly #from: Journal;
  readonly #to: Journal;
  readonly #source: string;
  readonly #day: Day;
  readonly #tally: CopyTally;

  constructor(from: Journal, to: Journal, source: string, day: Day, tally: CopyTally) {
    [this.#from, this.#to, this.#source, this.#day, this.#tally] = [from, to, source, day, tally];
  }

  async run(): Promise<void> {
    const [source, day] = [this.#source, this.#day];
    const [wanted, found] = await Promise.all([this.#from.day(source, day), this.#to.day(source, day)]);
    const manifest = await manifestToCopy(wanted);
    await this.#syncParts(wanted, found);
    await this.#syncSealed(wanted.sealed, manifest, found);
    if (!this.#tally.look.content) return;
    if (wanted.sealed === null && wanted.parts.length === 0) return;
    const records = await recordsOf(wanted.parts, manifest);
    const present = await recordsOf(found.parts, await manifestOf(found.sealed));
    this.#tally.days.push({ source, day, records, present });
  }

  async #syncParts(wanted: JournalDay, found: JournalDay): Promise<void> {
    const { fix, content } = this.#tally.look;
    const there = new Map(found.parts.map((part) => [fileName(part), part]));
    const folder = this.#to.paths.part.folder({ source: this.#source, day: this.#day });
    await inParallel(wanted.parts, partsAtOnce, async (part) => {
      this.#tally.file();
      const name = `${folder}/${fileName(part)}`;
      const present = there.get(fileName(part));
      if (present && !content) return;
      const [bytes, before] = await Promise.all([buffer(part.stream()), present ? buffer(present.stream()) : null]);
      if (before?.equals(bytes)) return;
      this.#tally.wrote(name, bytes.length);
      if (fix) await this.#to.putPart(name, bytes);
    });
    const kept = new Set(wanted.parts.map(fileName));
    for (const [name, part] of there) {
      if (kept.has(name)) continue;
      this.#tally.removed(part.name);
      if (fix) await this.#to.deletePart(part);
    }
  }

  async #syncSealed(wanted: JournalFile | null, manifest: SealManifest | null, found: JournalDay): Promise<void> {
    const { fix, signal } = this.#tally.look;
    const of = { source: this.#source, day: this.#day };
    if (wanted === null || manifest === null) {
      if (found.sealed === null) return;
      this.#tally.removed(found.sealed.name);
      if (fix) await this.#to.deleteSealed(of, signal);
      return;
    }
    this.#tally.file();
    if (!found.hasRemains && found.sealed !== null && (await this.#isSame(wanted, manifest, found.sealed))) return;
    this.#tally.wrote(wanted.name, await wanted.size());
    if (fix) await this.#to.putSealed(of, manifest, wanted.stream, signal);
  }

  /** Without a look at contents the manifests decide: they have the hash. */
  async #isSame(wanted: JournalFile, manifest: SealManifest, found: JournalFile): Promise<boolean> {
    if (!isDeepStrictEqual(plain(await manifestOf(found)), plain(manifest))) return false;
    if (!this.#tally.look.content) return true;
    const [a, b] = await Promise.all([digest(wanted.stream()), digest(found.stream())]);
    return a.sha256 === b.sha256;
  }
}

/** Null where it is missing or damaged: then it is written again. */
async function manifestOf(file: JournalFile | null): Promise<SealManifest | null> {
  try {
    const manifest = (await file?.manifest?.()) ?? null;
    if (manifest === null) return null;
    const { file: _, ...own } = manifest;
    return own;
  } catch (error) {
    if (error instanceof DamagedFile) return null;
    throw error;
  }
}

/** As it is read back: without what is undefined. */
function plain(manifest: SealManifest | null): unknown {
  return JSON.parse(JSON.stringify(manifest));
}

async function recordsOf(parts: readonly JournalFile[], manifest: SealManifest | null): Promise<number> {
  const records = await inParallel(parts, partsAtOnce, recordsIn);
  return records.reduce((total, count) => total + count, manifest?.rows ?? 0);
}

function fileName({ name }: JournalFile): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** Records of a part: by its name, else by reading it, as far as that is possible. */
async function recordsIn(part: JournalFile): Promise<number> {
  if (part.check !== null) return part.check.rows;
  let records = 0;
  for await (const rows of readJournal(part, () => {})) records += rows.length;
  return records;
}
