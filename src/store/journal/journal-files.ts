import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { dayNumber, dayOfNumber, type Day } from '../../domain/day.ts';
import { canarySource } from '../../domain/names.ts';
import { sourceNamePattern } from '../../domain/source-name.ts';
import { isMissing } from '../file-errors.ts';

/** Where the journal lies. */
export interface JournalFolders {
  /** Parts and sealed days: `<source>/<day>/<ingested at>-<hash>.csv`, `<source>/<day>.csv.gz`. */
  readonly csv: string;
  /** Days of raw_events that were retired: `<day>.csv.gz`. */
  readonly archives: string;
}

/** The same, below the folders that the environment names. */
export function journalFoldersIn(dataFolder: string, storeFolder: string): JournalFolders {
  return { csv: join(dataFolder, 'csv'), archives: join(storeFolder, 'archives') };
}

/** A file that holds records. */
export interface JournalFile {
  readonly kind: 'part' | 'sealed' | 'archive';
  /** Where it is on this machine. */
  readonly path: string;
  /** Where it is in its folder: for people. */
  readonly name: string;
}

/** What was ingested of a source on a day: its sealed file, and parts that are not sealed yet. */
export interface JournalDay {
  readonly source: string;
  readonly day: Day;
  readonly sealed: JournalFile | null;
  /** In order of ingestion. */
  readonly parts: readonly JournalFile[];
}

const sealedName = /^(\d{4}-\d{2}-\d{2})\.csv\.gz$/;

/** Sources that the journal knows, whether or not they are configured. What a canary writes is gone in a moment. */
export async function journalSources({ csv }: JournalFolders): Promise<string[]> {
  return (await namesIn(csv)).filter((name) => sourceNamePattern.test(name) && name !== canarySource);
}

/** Days on which something was ingested of a source, oldest first. */
export async function journalDays({ csv }: JournalFolders, source: string): Promise<Day[]> {
  const names = await namesIn(join(csv, source));
  const days = names.map((name) => sealedName.exec(name)?.[1] ?? name).filter(isDay);
  return [...new Set(days)].sort();
}

/**
 * The files of a day. Parts are looked for first: one that a sealer deletes meanwhile is in the sealed file that is found
 * afterwards.
 */
export async function journalDay({ csv }: JournalFolders, source: string, day: Day): Promise<JournalDay> {
  // The names begin with the time of ingestion.
  const parts = (await namesIn(join(csv, source, day))).filter((name) => name.endsWith('.csv'));
  const sealed = sealedPath(csv, source, day);
  return {
    ...{ source, day },
    sealed: (await isThere(sealed)) ? { kind: 'sealed', path: sealed, name: `${source}/${day}.csv.gz` } : null,
    parts: parts.map((name) => ({
      ...{ kind: 'part', path: join(csv, source, day, name), name: `${source}/${day}/${name}` },
    })),
  };
}

/** Archives of retired days, oldest first; `day` is that of their records. */
export async function archiveFiles({ archives }: JournalFolders): Promise<(JournalFile & { readonly day: Day })[]> {
  const names = (await namesIn(archives)).sort();
  return names.flatMap((name) => {
    const day = sealedName.exec(name)?.[1];
    if (day === undefined) return [];
    return [{ kind: 'archive', path: join(archives, name), name: `archives/${name}`, day }];
  });
}

export function sealedPath(csv: string, source: string, day: Day): string {
  return join(csv, source, `${day}.csv.gz`);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const number = dayNumber(text);
  return !Number.isNaN(number) && dayOfNumber(number) === text;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

/** Names in a folder but for hidden ones, in order; none where there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
