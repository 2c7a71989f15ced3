import { isUnread } from '../journal/journal-file-gone.ts';
import type { JournalDay, JournalFile } from '../journal/journal-file.ts';
import { openJournalBytes } from '../journal/journal-bytes.ts';
import type { SealManifest } from '../journal/manifest.ts';
import { readJournal, stopAt } from '../journal/read-journal.ts';

/**
 * The manifest of the sealed file of a day as a target has it: in a folder it may be missing, or run ahead of its file. Null if
 * nothing is sealed. @throws DamagedFile
 */
export async function manifestToCopy({ source, day, sealed, parts }: JournalDay): Promise<SealManifest | null> {
  if (sealed === null) return null;
  const manifest = (await sealed.manifest?.()) ?? null;
  if (manifest === null) return describe(sealed, { source, day });
  const { file: _, ...own } = manifest;
  // The parts of a manifest that runs ahead are still there.
  if (parts.length === 0 || manifest.replaces === null) return own;
  return (await isAhead(sealed, manifest)) ? describe(sealed, { source, day }) : own;
}

/** Whether a manifest is of a file that was not put in place. What cannot be read is reported by who reads the journal. */
async function isAhead(sealed: JournalFile, { replaces, sha256 }: SealManifest): Promise<boolean> {
  if (replaces === sha256) return false;
  const bytes = openJournalBytes(sealed);
  try {
    for await (const chunk of bytes.stream) void chunk;
  } catch (error) {
    if (isUnread(error)) throw error;
    return false;
  }
  return bytes.sha256() === replaces;
}

async function describe(file: JournalFile, of: Pick<SealManifest, 'source' | 'day'>): Promise<SealManifest> {
  let [rows, sha256] = [0, ''];
  let [minOccurredAt, maxOccurredAt]: [string | null, string | null] = [null, null];
  for await (const read of readJournal({ ...file, manifest: null }, stopAt, (found) => (sha256 = found))) {
    rows += read.length;
    for (const { occurredAt } of read) {
      if (minOccurredAt === null || occurredAt < minOccurredAt) minOccurredAt = occurredAt;
      if (maxOccurredAt === null || occurredAt > maxOccurredAt) maxOccurredAt = occurredAt;
    }
  }
  return { ...of, rows, sha256, replaces: null, minOccurredAt, maxOccurredAt, parts: 0 };
}
