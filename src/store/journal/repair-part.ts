import { hash } from 'node:crypto';
import { csvPart, withoutRepeats } from '../../formats/csv/csv-part.ts';
import { readBatch } from '../delivery/batches.ts';
import { keepDamaged } from '../blobs/damage.ts';
import { journalFolder } from '../paths/paths.ts';
import { referToBatch } from '../delivery/rebuild-marker.ts';
import type { JournalFile } from './journal-file.ts';
import { MissingRows } from './missing-rows.ts';
import { readJournal } from './read-journal.ts';
import type { PartName } from '../paths/paths.ts';
import type { RepairTools } from './repair-tools.ts';

export interface RepairedPart {
  readonly part: string;
  /** Where the records were taken from: the batch that is still in the spool, or PostgreSQL. Null = the part is whole. */
  readonly from: 'spool' | 'postgres' | null;
  /** Records that were written. */
  readonly records: number;
  /** Records that the part held, by its name; null if it does not say. */
  readonly expected: number | null;
  /** Those taken from the damaged file, which are nowhere else. */
  readonly unchecked: number;
  /** The parts that were written. */
  readonly written: readonly string[];
  /** Where the damaged file is kept, in the store. */
  readonly kept: string | null;
}

/**
 * Writes a damaged part of the journal again. While its batch is in the spool, that gives the same part. Else PostgreSQL gives what
 * it has: every row of the source that was stored since the day before the part's, and whose key is in no other undamaged file of
 * the journal. Then each key that is stored is in the journal again, no matter which batch it came from. Records that PostgreSQL
 * has not (it refused them, their day is retired, or it was emptied) are read from the damaged part, unchecked. The damaged file is
 * kept. Safe to repeat.
 */
export async function repairPart(tools: RepairTools, part: JournalFile, name: PartName): Promise<RepairedPart> {
  const { journal, store, signal } = tools;
  return journal.alone(name.source, signal, async () => {
    const expected = name.check?.rows ?? null;
    const nothing = { part: part.name, records: 0, expected, unchecked: 0, written: [], kept: null };
    if (await isWhole(part)) return { ...nothing, from: null };
    const kept = await keepDamaged(store, `${journalFolder}/${part.name}`, await contentOf(part));
    const batch = await referToBatch(store, name);
    const missing = new MissingRows(tools, part, name);
    const pieces = batch ? [withoutRepeats(await readBatch(store, batch))] : missing.pieces();
    const written: string[] = [];
    let records = 0;
    for await (const rows of pieces) {
      const { content, check } = csvPart(name.source, rows);
      const path = journal.paths.part.build({ ...name, hash: hashOf(part, name, written.length), check });
      await journal.putPart(path, content);
      written.push(path);
      records += rows.length;
    }
    if (!written.includes(part.name)) await journal.deletePart(part);
    const { unchecked } = missing;
    return { ...nothing, from: batch ? 'spool' : 'postgres', records, unchecked, written, kept };
  });
}

async function contentOf(part: JournalFile): Promise<Buffer> {
  const content = await part.read(Number.POSITIVE_INFINITY);
  return content ?? Buffer.alloc(0);
}

async function isWhole(part: JournalFile): Promise<boolean> {
  let whole = true;
  for await (const _ of readJournal(part, () => (whole = false)));
  return whole;
}

/** The first piece replaces the damaged part in the order of ingestion, the others follow it. */
function hashOf(part: JournalFile, name: PartName, number: number): string {
  return number === 0 ? name.hash : hash('sha256', `${part.name}\n${number}`, 'hex').slice(0, 16);
}
