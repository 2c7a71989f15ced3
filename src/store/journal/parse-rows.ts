import { CsvError, parse, type CsvErrorCode } from 'csv-parse';
import { DamagedFile, messageOf } from '../../domain/errors.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { formatMicros, parseIso8601 } from '../../domain/time/timestamp.ts';
import { isUnread } from './journal-file-gone.ts';
import { openJournalBytes } from './journal-bytes.ts';
import type { JournalFile } from './journal-file.ts';
import { journalRow, rowsPerRead, type JournalRow, type Layout } from './journal-layout.ts';

/** Called with each damage of a file, and its line. */
export type DamageAt = (line: number, what: string) => void;

/**
 * Reads the rows of any file, and says what is wrong with it.
 * @param onEnd called with the number of its lines and records and the hash of its bytes, once all were read
 */
export async function* parseRows(
  file: JournalFile,
  layout: Layout,
  damage: DamageAt,
  onEnd: (line: number, count: number, sha256: string) => Promise<void>,
): AsyncGenerator<JournalRow[]> {
  const bytes = openJournalBytes(file);
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
    if (isUnread(error) || error instanceof DamagedFile) throw error;
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
  await onEnd(line, count, bytes.sha256());
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
  // No stored record contains one: some disks leave it where data was lost.
  if (record.some((field) => field.includes('\0'))) return 'found a NUL character, which no record has';
  if (record.length !== layout.columns)
    return `found ${record.length} fields, expected ${layout.columns}: ${layout.header}`;
  const text = record[layout.occurredAt] ?? '';
  const time = parseIso8601(text);
  return time.ok
    ? journalRow(record, formatMicros(time.micros), line, layout)
    : `occurred_at is ${shown(text)}: ${time.why}`;
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

/** What a file should be, and how to restore that. */
export function expectationOf({ kind, name }: JournalFile): string {
  return kind === 'part'
    ? `CSV as in RFC 4180; fix the file, or rewrite it with ./daybook repair-csv ${name}`
    : 'the gzipped CSV that was written; restore the file from a backup';
}

/** What to do about a part that does not match its name. */
export function remedyOf({ name }: JournalFile): string {
  return `restore the file from a backup, or rewrite it with ./daybook repair-csv ${name}`;
}

function shown(text: string): string {
  return JSON.stringify(truncate(text, 100));
}
