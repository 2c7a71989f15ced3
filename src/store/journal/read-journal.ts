import { parse } from 'csv-parse';
import type { CsvRecord } from '../../domain/csv-text.ts';
import { DamagedFile, messageOf } from '../../domain/errors.ts';
import { formatMicros, parseIso8601 } from '../../domain/time.ts';
import { isMissing } from '../file-errors.ts';
import { openJournalBytes } from './journal-bytes.ts';
import type { JournalFile } from './journal-files.ts';
import { readManifest } from './manifest.ts';

/** A record with the line on which it ends. */
export interface JournalRow extends CsvRecord {
  readonly line: number;
}

/** Told of each damage; the rows around it are read on where that is possible. It may throw to stop. */
export type OnDamage = (damage: DamagedFile) => void;

/** Where the columns stand in a row. */
interface Layout {
  readonly header: string;
  readonly source: number;
  readonly sourceId: number;
  readonly occurredAt: number;
  readonly payload: number;
}

const journalLayout: Layout = {
  header: 'source,source_id,occurred_at,payload',
  ...{ source: 0, sourceId: 1, occurredAt: 2, payload: 3 },
};
const archiveLayout: Layout = {
  header: 'id,source,source_id,occurred_at,payload,created_at,processed',
  ...{ source: 1, sourceId: 2, occurredAt: 3, payload: 4 },
};

/** Rows that are handed on at a time. */
const rowsAtOnce = 1_000;

/**
 * Reads the records of a part, a sealed day or an archive, in order, some at a time. Damage ends the file where what follows
 * cannot be told from it: a broken quote, compressed bytes that do not fit together.
 * @param onEnd told of the hash of the uncompressed bytes, once all were read
 * @throws the system's ENOENT where the file is gone: somebody has sealed or deleted it
 */
export async function* readJournal(
  file: JournalFile,
  onDamage: OnDamage,
  onEnd: (sha256: string) => void = () => {},
): AsyncGenerator<JournalRow[]> {
  const layout = file.kind === 'archive' ? archiveLayout : journalLayout;
  const damage = (line: number, what: string) =>
    onDamage(new DamagedFile(`journal: ${file.name} line ${line}: ${what}`));
  const before = file.kind === 'part' ? null : await readManifest(manifestBeside(file));
  const bytes = openJournalBytes(file.path);
  const parser = parse({ relax_column_count: true, record_delimiter: '\n', max_record_size: 0 });
  bytes.stream.on('error', (error) => parser.destroy(error));
  bytes.stream.pipe(parser);
  let line = 0;
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
      if (typeof row === 'string') damage(line, row);
      else if (rows.push(row) === rowsAtOnce) yield rows.splice(0);
    }
  } catch (error) {
    if (isMissing(error) || error instanceof DamagedFile) throw error;
    if (rows.length > 0) yield rows.splice(0);
    damage(line + 1, `${messageOf(error)}, expected ${expectationOf(file)}; nothing behind it was read`);
    return;
  } finally {
    parser.destroy();
    bytes.stream.destroy();
  }
  if (!bytes.isFinished()) damage(line, 'the last line has no end, expected a newline: the file was cut short');
  if (rows.length > 0) yield rows;
  const sha256 = bytes.sha256();
  onEnd(sha256);
  if (before === null) return;
  // The day may have been sealed again while it was read.
  const known = [before, await readManifest(manifestBeside(file))];
  if (known.some((manifest) => manifest?.sha256 === sha256 || manifest?.replaces === sha256)) return;
  damage(line, `the content has sha256 ${sha256}, expected ${before.sha256} as its manifest says`);
}

/** A quoted field may take several lines. The parser would tell them, too, at twice the time. */
function newlinesIn(record: readonly string[]): number {
  let newlines = 0;
  for (const field of record) {
    for (let at = field.indexOf('\n'); at !== -1; at = field.indexOf('\n', at + 1)) newlines++;
  }
  return newlines;
}

function rowOf(record: readonly string[], line: number, layout: Layout): JournalRow | string {
  const columns = layout === archiveLayout ? 7 : 4;
  if (record.length !== columns) return `found ${record.length} fields, expected ${columns}: ${layout.header}`;
  const text = record[layout.occurredAt] ?? '';
  const time = parseIso8601(text);
  if (!time.ok) return `occurred_at is ${shown(text)}: ${time.why}`;
  const [source = '', sourceId = '', payload = ''] = [layout.source, layout.sourceId, layout.payload].map(
    (place) => record[place],
  );
  return { source, sourceId, occurredAt: formatMicros(time.micros), payload, line };
}

function manifestBeside({ path }: JournalFile): string {
  return path.replace(/\.csv\.gz$/, '.json');
}

function expectationOf({ kind }: JournalFile): string {
  return kind === 'part'
    ? 'CSV as RFC 4180 has it'
    : 'the gzipped CSV that was written; restore the file from a backup';
}

function shown(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
