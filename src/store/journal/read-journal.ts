import { hash } from 'node:crypto';
import { Readable } from 'node:stream';
import { DamagedFile, messageOf } from '../../domain/errors.ts';
import { isUnread } from './journal-file-gone.ts';
import { openJournalBytes, type JournalBytes } from './journal-bytes.ts';
import type { JournalFile } from './journal-file.ts';
import { archiveLayout, journalLayout, type JournalRow } from './journal-layout.ts';
import type { SealManifest } from './manifest.ts';
import { expectationOf, parseRows, remedyOf } from './parse-rows.ts';
import { scanRows } from './scan-rows.ts';

export type { JournalRow } from './journal-layout.ts';

/** Called with each damage; the rows around it are still read if possible. It may throw to stop. */
export type OnDamage = (damage: DamagedFile) => void;

/** For callers that need all rows. */
export function stopAt(damage: DamagedFile): never {
  throw damage;
}

/** Largest part that is read at once. */
const maxContent = 64 * 1024 * 1024;

/**
 * Reads the records of a part, a sealed day or an archive, in order, some at a time. What must be in it is known by its manifest,
 * or by its name: it is read through first, and no record of a damaged file is returned, because a wrong one would be stored for
 * good. A part with visible damage, and one of 0.2.0, which does not say what it must hold, is read as far as possible: damage ends
 * it if the rest cannot be separated from it, as with a broken quote.
 * @param onEnd called with the hash of the uncompressed bytes, once all were read
 * @throws the system's ENOENT where the file is gone: it was sealed or deleted
 */
export async function* readJournal(
  file: JournalFile,
  onDamage: OnDamage,
  onEnd: (sha256: string) => void = () => {},
): AsyncGenerator<JournalRow[]> {
  const layout = file.kind === 'archive' ? archiveLayout : journalLayout;
  const damage = (line: number, what: string) =>
    onDamage(new DamagedFile(`journal: ${file.name} line ${line}: ${what}`));
  let before: SealManifest | null;
  try {
    before = (await file.manifest?.()) ?? null;
  } catch (error) {
    if (!(error instanceof DamagedFile)) throw error;
    return onDamage(error);
  }
  const intact = await intactContent(file);
  if (intact === null && (file.kind !== 'part' || file.check !== null)) {
    const problem = await problemOf(file, before);
    const unchecked = { ...file, check: null };
    if (problem !== null && file.kind === 'part' && (await isBroken(unchecked))) {
      const onBreach = ({ message }: DamagedFile) => onDamage(new DamagedFile(`${message}; ${remedyOf(file)}`));
      return yield* readJournal(unchecked, onBreach, onEnd);
    }
    if (problem !== null) return damage(1, `${problem}; none of it was read`);
  }
  // Nearly all files are as Daybook writes them. What is not is read again, by a parser that says what is wrong.
  const bytes = intact === null ? openJournalBytes(file) : intact;
  const { isUsual, rows: found, line, handedOn } = yield* scanRows(bytes.stream, layout);
  if (isUsual && (file.check === null || file.check.rows === found)) {
    const sha256 = bytes.sha256();
    onEnd(sha256);
    // It may have been replaced since it was read through.
    const problem = intact ? null : await mismatch(file, before, sha256);
    if (problem !== null) damage(line, problem);
    return;
  }
  let toSkip = handedOn;
  for await (const rows of parseRows(file, layout, damage, async (last, count, sha256) => {
    onEnd(sha256);
    const problem = await mismatch(file, before, sha256);
    if (problem !== null) damage(last, problem);
    else if (file.check !== null && file.check.rows !== count) {
      damage(last, `found ${count} records, expected ${file.check.rows} by its name; ${remedyOf(file)}`);
    }
  })) {
    const left = rows.slice(toSkip);
    toSkip -= rows.length - left.length;
    if (left.length > 0) yield left;
  }
}

/** The content of a part that is what its name says; null if it is not, if the name does not say, or if it is large. */
async function intactContent({ check, read }: JournalFile): Promise<Pick<JournalBytes, 'stream' | 'sha256'> | null> {
  const content = check === null ? null : await read(maxContent);
  if (check === null || content === null) return null;
  const sha256 = hash('sha256', content, 'hex');
  return sha256.startsWith(check.sha256) ? { stream: Readable.from([content]), sha256: () => sha256 } : null;
}

/** Whether a part itself shows that it is damaged. */
async function isBroken(part: JournalFile): Promise<boolean> {
  let broken = false;
  for await (const _ of readJournal(part, () => (broken = true))) if (broken) break;
  return broken;
}

/** What is wrong with a file as a whole; null if it is what was written. */
async function problemOf(file: JournalFile, before: SealManifest | null): Promise<string | null> {
  const bytes = openJournalBytes(file);
  try {
    for await (const chunk of bytes.stream) void chunk;
  } catch (error) {
    if (isUnread(error)) throw error;
    return `${messageOf(error)}, expected ${expectationOf(file)}`;
  }
  return mismatch(file, before, bytes.sha256());
}

async function mismatch(file: JournalFile, before: SealManifest | null, sha256: string): Promise<string | null> {
  const { check } = file;
  if (check !== null && !sha256.startsWith(check.sha256)) {
    return `the content has sha256 ${sha256}, expected ${check.sha256}… by its name; ${remedyOf(file)}`;
  }
  if (before === null) return null;
  // The day may have been sealed again while it was read.
  const known = [before, (await file.manifest?.()) ?? null];
  if (known.some((manifest) => manifest?.sha256 === sha256 || manifest?.replaces === sha256)) return null;
  return `the content has sha256 ${sha256}, expected ${before.sha256} by its manifest; restore the file from a backup`;
}
