import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { csvContent } from '../../../../src/formats/csv/csv.ts';
import type { SpooledRecord } from '../../../../src/domain/run/record.ts';
import type { JournalFolders } from '../../../../src/store/journal/folder/folder-files.ts';
import { createFolderJournal } from '../../../../src/store/journal/folder/folder-journal.ts';
import type { Journal } from '../../../../src/store/journal/journal.ts';
import type { SealManifest } from '../../../../src/store/journal/manifest.ts';
import { csvRows } from '../../../support/csv-rows.ts';

export const source = 'news';
export const day = '2026-11-23';

export function foldersIn(root: string): JournalFolders {
  return { csv: join(root, 'csv'), archives: join(root, 'archives') };
}

export function journalIn(root: string): Journal {
  return createFolderJournal(foldersIn(root));
}

const sha256 = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex');

/** Writes a part, whose name says what it holds; `time` is that of its ingestion, within the day. */
export function writePart(root: string, time: string, records: readonly SpooledRecord[], of = day): string {
  return write(root, time, records, of, `-${records.length}-${sha256(csvContent(source, records)).slice(0, 16)}`);
}

/** The same as 0.2.0 wrote it: its name does not say what it holds. */
export function writeOldPart(root: string, time: string, records: readonly SpooledRecord[], of = day): string {
  return write(root, time, records, of, '');
}

function write(root: string, time: string, records: readonly SpooledRecord[], of: string, check: string): string {
  const hash = sha256(JSON.stringify(records)).slice(0, 16);
  const path = join(root, 'csv', source, of, `${of.replaceAll('-', '')}T${time}Z-${hash}${check}.csv`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, csvContent(source, records));
  return path;
}

export function sealedFile(root: string): string {
  return join(root, 'csv', source, `${day}.csv.gz`);
}

/** Rows of the sealed day, by an independent reader. */
export function sealedRows(root: string): Record<string, string>[] {
  return csvRows(gunzipSync(readFileSync(sealedFile(root))).toString());
}

export function manifest(root: string): SealManifest {
  return JSON.parse(readFileSync(join(root, 'csv', source, `${day}.json`), 'utf8')) as SealManifest;
}

/** Whether the manifest describes the sealed file. */
export function fits(root: string): boolean {
  const bytes = gunzipSync(readFileSync(sealedFile(root)));
  return createHash('sha256').update(bytes).digest('hex') === manifest(root).sha256;
}

/** Changes one byte of a file. */
export function flipByte(path: string, offset: number): void {
  const bytes = readFileSync(path);
  bytes[offset] = (bytes[offset] ?? 0) ^ 0x40;
  writeFileSync(path, bytes);
}
