import type { SourceDay } from './journal-file.ts';
import type { SealManifest } from './manifest.ts';
import type { Merged } from './merge-day.ts';

/** The manifest of a merged day. @param parts of how many files; @param before the manifest of the file that it replaces */
export function manifestOf(
  { source, day }: SourceDay,
  { base, rows, sha256, minOccurredAt, maxOccurredAt, unverified }: Merged,
  before: SealManifest | null,
  parts: number,
): SealManifest {
  // A manifest that ran ahead of its file counts these parts already.
  const isBefore = before?.sha256 === base;
  const total = (count: number, known = 0) => (isBefore ? known + count : Math.max(known, count));
  const unsure = total(unverified, before?.unverified);
  return {
    source,
    day,
    rows,
    sha256,
    replaces: base,
    minOccurredAt,
    maxOccurredAt,
    parts: total(parts, before?.parts),
    ...(unsure === 0 ? {} : { unverified: unsure }),
  };
}
