import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Day } from '../../domain/day.ts';
import { messageOf, DamagedFile } from '../../domain/errors.ts';
import { isMissing } from '../file-errors.ts';

/** What a sealed day holds: `<source>/<day>.json`. */
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
  /** Canonical times; null where there is no row. They never name less than what the file holds. */
  readonly minOccurredAt: string | null;
  readonly maxOccurredAt: string | null;
  /** Parts that were merged into it. */
  readonly parts: number;
}

export function manifestPath(csv: string, source: string, day: Day): string {
  return join(csv, source, `${day}.json`);
}

/**
 * Reads the manifest beside a sealed file; null where there is none.
 * @throws DamagedFile where it is no manifest
 */
export async function readManifest(path: string): Promise<SealManifest | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    const manifest = JSON.parse(text) as SealManifest;
    if (typeof manifest.sha256 === 'string' && typeof manifest.rows === 'number') return manifest;
    throw new Error('it has no sha256 and rows');
  } catch (error) {
    throw new DamagedFile(
      `journal: ${path} is no manifest (${messageOf(error)}), expected JSON with rows and sha256; restore it from a backup, or delete it: the day is then taken as its file holds it`,
    );
  }
}
