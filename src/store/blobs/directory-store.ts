import type { Stats } from 'node:fs';
import { link, mkdir, open, opendir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, messageOf, SinkUnavailable } from '../../domain/errors.ts';
import { isMissing } from './file-errors.ts';
import type { BlobStore } from './blob-store.ts';
import { deleteLeftovers } from './leftovers.ts';
import { storeFolders } from '../paths/paths.ts';
import { temporaryIn } from './temporary-files.ts';

/** Entries of a folder that are read at a time: each trip to the system costs more than the entries do. */
const entriesPerRead = 1_000;
/** Tries of a write whose folder others delete meanwhile. */
const folderTries = 10;

/** Blobs as files below a folder. A blob is written to a temporary file, fsynced, then linked or renamed into place. */
export function createDirectoryStore(root: string): BlobStore {
  return {
    async putIfAbsent(path, content) {
      return writeBlob(path, content, placeIfAbsent);
    },

    async putStreamIfAbsent(path, content) {
      let broken = false;
      async function* watched(): AsyncGenerator<Uint8Array> {
        try {
          yield* content;
        } catch (error) {
          broken = true;
          throw error;
        }
      }
      try {
        return await writeDurably(join(root, path), watched(), placeIfAbsent);
      } catch (error) {
        // An error of the content's source is not an error of the store.
        throw broken ? error : unavailable('write', path, error);
      }
    },

    async getStream(path) {
      try {
        const file = await open(join(root, path), 'r');
        return file.createReadStream();
      } catch (error) {
        if (isMissing(error)) return null;
        throw unavailable('read', path, error);
      }
    },

    async put(path, content) {
      await writeBlob(path, content, async (temporary, target) => {
        await rename(temporary, target);
        return true;
      });
    },

    async get(path) {
      try {
        return await readFile(join(root, path));
      } catch (error) {
        if (isMissing(error)) return null;
        throw unavailable('read', path, error);
      }
    },

    async listOlder(folder, before) {
      const older: string[] = [];
      for await (const [path, { mtime }] of walkDescribed(folder)) if (mtime < before) older.push(path);
      return older;
    },

    async sizes(folder) {
      const sizes = new Map<string, number>();
      for await (const [path, { size }] of walkDescribed(folder)) sizes.set(path, size);
      return sizes;
    },

    async folders(folder) {
      try {
        const names = await namesIn(join(root, folder));
        return names.flatMap((name) => (name.endsWith('/') ? name.slice(0, -1) : [])).sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw unavailable('list', folder, error);
      }
    },

    walk,

    async list(folder) {
      const paths: string[] = [];
      for await (const path of walk(folder)) paths.push(path);
      return paths;
    },

    async deleteLeftovers(signal) {
      try {
        return await deleteLeftovers(root, signal, (name) => storeFolders.has(name));
      } catch (error) {
        signal.throwIfAborted();
        throw unavailable('sweep', '', error);
      }
    },

    async delete(path) {
      try {
        await rm(join(root, path), { force: true });
        await removeEmptyFolders(dirname(path));
      } catch (error) {
        if (!isMissing(error)) throw unavailable('delete', path, error);
      }
    },
  };

  async function* walk(folder: string): AsyncGenerator<string> {
    try {
      yield* walkFiles(folder);
    } catch (error) {
      throw unavailable('list', folder, error);
    }
  }

  /** With what the system says of each; what is deleted meanwhile is left out. */
  async function* walkDescribed(folder: string): AsyncGenerator<[string, Stats]> {
    try {
      for await (const path of walkFiles(folder)) {
        const found = await stat(join(root, path)).catch((error: unknown) => {
          if (isMissing(error)) return null;
          throw error;
        });
        if (found) yield [path, found];
      }
    } catch (error) {
      throw unavailable('list', folder, error);
    }
  }

  /** Folder by folder: one that is deleted meanwhile is empty, and says nothing about the others. */
  async function* walkFiles(folder: string): AsyncGenerator<string> {
    let names: string[];
    try {
      names = await namesIn(join(root, folder));
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    for (const name of names.sort()) {
      const path = folder === '' ? name : `${folder}/${name}`;
      if (path.endsWith('/')) yield* walkFiles(path.slice(0, -1));
      else yield path;
    }
  }

  /** A run leaves a folder in the spool: without this there would be half a million a year. */
  async function removeEmptyFolders(folder: string): Promise<void> {
    for (let empty = folder; empty.includes('/'); empty = dirname(empty)) {
      try {
        await rmdir(join(root, empty));
      } catch {
        return;
      }
    }
  }

  async function writeBlob(
    path: string,
    content: Uint8Array | string,
    place: (temporary: string, target: string) => Promise<boolean>,
  ): Promise<boolean> {
    const target = join(root, path);
    for (let tries = 1; ; tries++) {
      try {
        return await writeDurably(target, content, place);
      } catch (error) {
        // A folder that was empty may be deleted between making it and writing into it.
        if (!isMissing(error) || tries === folderTries) throw unavailable('write', path, error);
      }
    }
  }

  function unavailable(verb: string, path: string, error: unknown): SinkUnavailable {
    return new SinkUnavailable(`store: could not ${verb} ${join(root, path)}: ${messageOf(error)}`, { cause: error });
  }
}

/** What a folder holds, but for hidden files. Folders end with `/`, as paths through them do: so names sort as paths. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder, { bufferSize: entriesPerRead })) {
    if (entry.isDirectory()) names.push(`${entry.name}/`);
    else if (entry.isFile() && !entry.name.startsWith('.')) names.push(entry.name);
  }
  return names;
}

async function placeIfAbsent(temporary: string, target: string): Promise<boolean> {
  try {
    await link(temporary, target);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes to a temporary file beside `target`, fsyncs it, lets `place` put it there and fsyncs the folder. */
async function writeDurably(
  target: string,
  content: Uint8Array | string | AsyncIterable<Uint8Array>,
  place: (temporary: string, target: string) => Promise<boolean>,
): Promise<boolean> {
  const folder = dirname(target);
  await makeFolder(folder);
  const temporary = temporaryIn(folder);
  try {
    const file = await open(temporary, 'wx');
    try {
      await writeFile(file, content);
      await file.sync();
    } finally {
      await file.close();
    }
    const placed = await place(temporary, target);
    await syncFolder(folder);
    return placed;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function makeFolder(folder: string): Promise<void> {
  const firstMade = await mkdir(folder, { recursive: true });
  if (firstMade === undefined) return;
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Makes a rename inside the folder survive a power cut. Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
