import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectoryStore, syncFolder } from '../../blobs/directory-store.ts';
import { deleteLeftovers } from '../../blobs/leftovers.ts';
import { journalPaths } from '../../paths/paths.ts';
import type { Journal } from '../journal.ts';
import {
  archiveFiles,
  journalDay,
  journalDays,
  journalPartDays,
  journalSources,
  partFile,
  sealedPath,
  sealManifestPath,
  type JournalFolders,
} from './folder-files.ts';
import { rewriteFolder } from './rewrite-folder.ts';
import { putSealedDay, sealDay } from './seal-day.ts';
import { withSealLock } from './seal-lock.ts';
import { tidyFolder } from './tidy-folder.ts';

/** The journal in a folder. Who changes what is sealed of a source, or what is to be sealed, has its lock. */
export function createFolderJournal(folders: JournalFolders): Journal {
  const { csv, archives } = folders;
  const store = createDirectoryStore(csv);
  return {
    name: csv,
    paths: journalPaths,
    sources: () => journalSources(folders),
    days: (source) => journalDays(folders, source),
    partDays: (source) => journalPartDays(folders, source),
    day: (source, day) => journalDay(folders, source, day),
    part: (name) => partFile(csv, name),
    archives: () => archiveFiles(folders),
    putPart: (name, content) => store.put(name, content),
    deletePart: ({ path }) => rm(path, { force: true }),
    async alone(source, signal, work) {
      await mkdir(join(csv, source), { recursive: true });
      return withSealLock(csv, source, { signal }, work);
    },
    sealDay: ({ source, day }, context) => sealDay(folders, source, day, context),
    rewrite: (source, rewrite, signal, onDay) => rewriteFolder(folders, source, rewrite, signal, onDay),
    putSealed: (day, manifest, content, signal) => putSealedDay(folders, day, manifest, content, signal),
    deleteSealed: ({ source, day }, signal) =>
      withSealLock(csv, source, { signal }, async () => {
        await rm(sealedPath(csv, source, day), { force: true });
        await rm(sealManifestPath(csv, source, day), { force: true });
        await syncFolder(join(csv, source));
      }),
    tidy: (source) => tidyFolder(csv, source),
    deleteLeftovers: (of, signal) => deleteLeftovers(of === 'parts' ? csv : archives, signal),
  };
}
