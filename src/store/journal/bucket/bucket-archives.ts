import { storePaths } from '../../paths/paths.ts';
import type { ArchiveFile } from '../journal-file.ts';
import { parseManifest } from '../manifest.ts';
import { bucketFile, type FilePlace } from './bucket-file.ts';

/** Archives of retired days, oldest first; of several of a day the newest comes first. */
export async function bucketArchives(store: FilePlace): Promise<ArchiveFile[]> {
  const { archive, archiveManifest } = storePaths;
  const sizes = await store.blobs.sizes(archive.folder({}));
  const found = [...sizes].flatMap(([name, bytes]) => {
    const of = archive.parse(name);
    return of ? [{ ...of, name, bytes }] : [];
  });
  found.sort((a, b) => (a.day === b.day ? b.number - a.number : a.day < b.day ? -1 : 1));
  return found.map(({ name, bytes, day, number }) => {
    const beside = archiveManifest.build({ day, number });
    const manifest = async () => {
      const content = await store.blobs.get(beside);
      if (content === null) return null;
      return parseManifest(content, `${store.name}/${beside}`, 'restore it from a backup');
    };
    return { ...bucketFile(store, { kind: 'archive', name, ingestedAt: null, check: null, manifest }, bytes), day };
  });
}
