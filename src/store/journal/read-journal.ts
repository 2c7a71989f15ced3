import { CsvError, parse, type CsvErrorCode } from 'csv-parse';
import type { CsvRecord } from '../../formats/csv.ts';
import { DamagedFile, messageOf } from '../../domain/errors.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { formatMicros, parseIso8601 } from '../../domain/time/timestamp.ts';
import { isMissing } from '../blobs/file-errors.ts';
import { openJournalBytes } from './journal-bytes.ts';
import type { JournalFile } from './journal-files.ts';
import { readManifest, type SealManifest } from './manifest.ts';

/** A record with the line on which it ends. */
export interface JournalRow extends CsvRecord {
  readonly line: number;
  /** When it was stored, as an archive has it; absent elsewhere. */
  readonly createdAt?: string;
}

/** Called with each damage; the rows around it are still read if possible. It may throw to stop. */
export type OnDamage = (damage: DamagedFile) => void;

/** For callers that need all rows. */
export function stopAt(damage: DamagedFile): never {
  throw damage;
}

/** The positions of the columns in a row. */
interface Layout {
  readonly header: string;
  readonly source: number;
  readonly sourceId: number;
  readonly occurredAt: number;
  readonly payload: number;
}

const journalLayout: Layout = {
  header: 'source,source_id,occurred_at,payload',
  source: 0,
  sourceId: 1,
  occurredAt: 2,
  payload: 3,
};
const archiveLayout: Layout = {
  header: 'id,source,source_id,occurred_at,payload,created_at,processed',
  source: 1,
  sourceId: 2,
  occurredAt: 3,
  payload: 4,
};

const archiveCreatedAt = 5;

/** Rows that are handed on at a time. */
const rowsPerRead = 1_000;

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
  const before = file.manifest === null ? null : await readManifest(file.manifest);
  if (file.kind !== 'part' || file.check !== null) {
    const problem = await problemOf(file, before);
    const unchecked = { ...file, check: null };
    if (problem !== null && file.kind === 'part' && (await isBroken(unchecked))) {
      const onBreach = ({ message }: DamagedFile) => onDamage(new DamagedFile(`${message}; ${remedyOf(file)}`));
      return yield* readJournal(unchecked, onBreach, onEnd);
    }
    if (problem !== null) return damage(1, `${problem}; none of it was read`);
  }
  const bytes = openJournalBytes(file.path);
  const parser = parse({ relax_column_count: true, record_delimiter: '\n', max_record_size: 0 });
  bytes.stream.on('error', (error) => parser.destroy(error));
  bytes.stream.pipe(parser);
  let line = 0;
  let count = 0;
  let rows: JournalRow[] = [];
  try {
    for await (const record of parser as AsyncIterable<string[]>) {
      const first = line === 0;
      line += 1 + newlinesIn(record);
      if (first) {
        if (record.join() === layout.header) continue;
        damage(line, `found ${shown(record.join())}, expected the header ${layout.header}`);
        return;
      }
      const row = rowOf(record, line, layout);
      count++;
      if (typeof row === 'string') damage(line, row);
      else if (rows.push(row) === rowsPerRead) yield rows.splice(0);
    }
  } catch (error) {
    if (isMissing(error) || error instanceof DamagedFile) throw error;
    if (rows.length > 0) yield rows.splice(0);
    const breach = breachOf(error);
    damage(breach.line ?? line + 1, `${breach.what}, expected ${expectationOf(file)}; nothing after it was read`);
    return;
  } finally {
    parser.destroy();
    bytes.stream.destroy();
  }
  if (line === 0) return damage(1, `the file is empty, expected the header ${layout.header}`);
  if (line === 1 && file.kind === 'part') damage(1, 'no record, expected at least one: the file is incomplete');
  if (!bytes.isFinished()) damage(line, 'the last line has no newline: the file is incomplete');
  if (rows.length > 0) yield rows;
  const sha256 = bytes.sha256();
  onEnd(sha256);
  // It may have been replaced since it was read through.
  const problem = await mismatch(file, before, sha256);
  if (problem !== null) damage(line, problem);
  else if (file.check !== null && file.check.rows !== count) {
    damage(line, `found ${count} records, expected ${file.check.rows} by its name; ${remedyOf(file)}`);
  }
}

/** Whether a part itself shows that it is damaged. */
async function isBroken(part: JournalFile): Promise<boolean> {
  let broken = false;
  for await (const _ of readJournal(part, () => (broken = true))) if (broken) break;
  return broken;
}

/** What is wrong with a file as a whole; null if it is what was written. */
async function problemOf(file: JournalFile, before: SealManifest | null): Promise<string | null> {
  const bytes = openJournalBytes(file.path);
  try {
    for await (const chunk of bytes.stream) void chunk;
  } catch (error) {
    if (isMissing(error)) throw error;
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
  const known = [before, file.manifest === null ? null : await readManifest(file.manifest)];
  if (known.some((manifest) => manifest?.sha256 === sha256 || manifest?.replaces === sha256)) return null;
  return `the content has sha256 ${sha256}, expected ${before.sha256} by its manifest; restore the file from a backup`;
}

/** A quoted field may take several lines. The parser could report them too, in twice the time. */
function newlinesIn(record: readonly string[]): number {
  let newlines = 0;
  for (const field of record) {
    for (let at = field.indexOf('\n'); at !== -1; at = field.indexOf('\n', at + 1)) newlines++;
  }
  return newlines;
}

function rowOf(record: readonly string[], line: number, layout: Layout): JournalRow | string {
  const columns = layout === archiveLayout ? 7 : 4;
  // No stored record contains one: some disks leave it where data was lost.
  if (record.some((field) => field.includes('\0'))) return 'found a NUL character, which no record has';
  if (record.length !== columns) return `found ${record.length} fields, expected ${columns}: ${layout.header}`;
  const text = record[layout.occurredAt] ?? '';
  const time = parseIso8601(text);
  if (!time.ok) return `occurred_at is ${shown(text)}: ${time.why}`;
  const [source = '', sourceId = '', payload = ''] = [layout.source, layout.sourceId, layout.payload].map(
    (place) => record[place],
  );
  const stored = layout === archiveLayout ? { createdAt: record[archiveCreatedAt] ?? '' } : {};
  return { source, sourceId, occurredAt: formatMicros(time.micros), payload, line, ...stored };
}

/** Why a row is incomplete, in our words: the parser's messages refer to its options. */
const breaches: Partial<Record<CsvErrorCode, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'an opening quote without a closing quote',
  CSV_INVALID_CLOSING_QUOTE: 'text after the closing quote of a field',
  INVALID_OPENING_QUOTE: 'a quote inside an unquoted field',
};

/** @returns the line, if the parser knows it better than a count of the rows it returned: it holds some back */
function breachOf(error: unknown): { what: string; line?: number } {
  if (!(error instanceof CsvError)) return { what: messageOf(error) };
  const what = `found ${breaches[error.code] ?? 'invalid CSV'}`;
  const { lines } = error;
  if (typeof lines !== 'number') return { what };
  return error.code === 'CSV_QUOTE_NOT_CLOSED'
    ? { what: `${what} before the end on line ${lines}` }
    : { what, line: lines };
}

function expectationOf({ kind, name }: JournalFile): string {
  return kind === 'part'
    ? `CSV as in RFC 4180; fix the file, or rewrite it with ./daybook repair-csv ${name}`
    : 'the gzipped CSV that was written; restore the file from a backup';
}

/** What to do about a part that does not match its name. */
function remedyOf({ name }: JournalFile): string {
  return `restore the file from a backup, or rewrite it with ./daybook repair-csv ${name}`;
}

function shown(text: string): string {
  return JSON.stringify(truncate(text, 100));
}
