import type { ArchiveManifest, Archives } from '../../../domain/storage/archive.ts';
import type { Day } from '../../../domain/time/day.ts';
import { ArchiveRefused } from '../../../domain/errors.ts';
import { ArchiveUnverified, verifyArchive } from './archive-day.ts';

/** An archive that was read back. */
export interface VerifiedArchive {
  readonly path: string;
  readonly manifest: ArchiveManifest;
}

/** The archives of a day, each content once; none if there is none. @throws ArchiveRefused if one does not hold what it should */
export async function verifiedArchives(archives: Archives, day: Day): Promise<VerifiedArchive[]> {
  const contents = new Map<string, VerifiedArchive | ArchiveUnverified>();
  for (const { path, manifest } of await archives.list(day)) {
    // Without a manifest it was left by a kill, before anything was dropped.
    if (!manifest) continue;
    const known = contents.get(manifest.sha256);
    if (known && !(known instanceof ArchiveUnverified)) continue;
    const outcome = await verifyArchive(archives, path, manifest).then(
      () => ({ path, manifest }),
      (error: unknown) => {
        if (error instanceof ArchiveUnverified) return error;
        throw error;
      },
    );
    contents.set(manifest.sha256, outcome);
  }
  const outcomes = [...contents.values()];
  for (const outcome of outcomes) {
    if (outcome instanceof ArchiveUnverified) {
      throw new ArchiveRefused(`restore: ${outcome.message}; no row was changed; replace the file with an intact copy`);
    }
  }
  return outcomes as VerifiedArchive[];
}
