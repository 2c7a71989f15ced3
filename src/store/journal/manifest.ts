import { readFile } from 'node:fs/promises';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { Day } from '../../domain/time/day.ts';
import { DamagedFile } from '../../domain/errors.ts';
import { formatMicros, parseIso8601 } from '../../domain/time/timestamp.ts';
import { isMissing } from '../blobs/file-errors.ts';
import { hasFields, parseStoredJson } from '../blobs/stored-json.ts';

/** What a sealed day holds. */
export interface SealManifest {
  readonly source: string;
  /** Of ingestion. */
  readonly day: Day;
  readonly rows: number;
  /** Of the uncompressed bytes, in hex. */
  readonly sha256: string;
  /**
   * The same of the sealed file that was there before, or null. The manifest is written first: after a kill between the two,
   * it is still known what the file beside it must be.
   */
  readonly replaces: string | null;
  /** Canonical times; null if there is no row. They never name less than what the file holds. */
  readonly minOccurredAt: string | null;
  readonly maxOccurredAt: string | null;
  /** Parts that were merged into it. */
  readonly parts: number;
  /** Those of them whose names did not say what they must hold: 0.2.0 wrote such. Absent = none. */
  readonly unverified?: number;
  /** In a bucket: the file that it describes, beside it. */
  readonly file?: string;
}

/**
 * Reads the manifest beside a sealed file; null if there is none.
 * @throws DamagedFile if it is not a manifest
 */
export async function readManifest(path: string): Promise<SealManifest | null> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  return parseManifest(
    content,
    path,
    "restore it from a backup, or delete it: the content of the day's file then counts",
  );
}

/** @throws DamagedFile if it is not a manifest; @param advice what to do then */
export function parseManifest(content: Buffer, path: string, advice: string): SealManifest {
  const parsed = parseStoredJson(content, 'the manifest of a sealed day', isManifest);
  if (parsed.ok) return parsed.value;
  throw new DamagedFile(`journal: ${path} ${parsed.problem}; ${advice}`);
}

/** Whether a sealed day has no record of a time; without a manifest it may have some. */
export function isOutside(manifest: SealManifest | null, { from, to }: TimeRangeText): boolean {
  if (!manifest?.minOccurredAt || !manifest.maxOccurredAt) return false;
  return manifest.maxOccurredAt < from || manifest.minOccurredAt >= to;
}

function isManifest(value: unknown): value is SealManifest {
  if (
    !hasFields(value, {
      rows: 'number',
      sha256: 'string',
      replaces: 'string?',
      parts: 'number?',
      unverified: 'number?',
      file: 'string?',
    })
  )
    return false;
  const { sha256, minOccurredAt, maxOccurredAt } = value as SealManifest;
  // Bounds are compared as texts: one in another form would hide the day from those who ask for a range.
  return (
    /^[0-9a-f]{64}$/.test(sha256) && [minOccurredAt, maxOccurredAt].every((time) => time === null || isCanonical(time))
  );
}

function isCanonical(time: unknown): boolean {
  if (typeof time !== 'string') return false;
  const parsed = parseIso8601(time);
  return parsed.ok && formatMicros(parsed.micros) === time;
}
