import type { Dirent, readdir as readdirCallback } from 'node:fs';
import { Readable } from 'node:stream';
import type { ObjectFiles, ObjectStamp } from '../../../domain/storage/object-files.ts';
import { splitPattern, literalParentheses } from '../glob/pattern.ts';
import type { FileList, FilePlace, FileStamp } from './file-place.ts';

/** Objects of buckets. An object is replaced, never changed: its ETag stands for its content. */
export function bucketPlace(objects: ObjectFiles): FilePlace {
  return {
    isWritten: false,
    stamp: async (_subject, path) => stampOf(await objects.stamp(path)),
    read: async (path, start, length) => Buffer.from(await objects.read(path, start, length)),
    stream: (path, start, end) =>
      Readable.from(objects.stream(path, start, Number.isFinite(end) ? end : null), { objectMode: false }),
    list: ({ path }, resolvePath) => listObjects(objects, path, resolvePath),
  };
}

/** The time does not matter: the same content, uploaded again, has the same ETag. */
function stampOf({ size, etag }: ObjectStamp): FileStamp {
  return { size, inode: etag, changedMs: 0 };
}

/** Where the walk over a listing begins: the library wants an absolute folder. */
const root = '/bucket';

async function listObjects(
  objects: ObjectFiles,
  pattern: string,
  resolvePath: (path: string) => string,
): Promise<FileList> {
  const { prefix, rest } = splitPattern(pattern);
  const folder = resolvePath(prefix).replace(/\/*$/, '/');
  const tree = new Map<string, Map<string, 'file' | 'folder'>>();
  const found = new Map<string, FileStamp>();
  for await (const object of objects.list(folder + literalBeginning(rest), rest.includes('/'))) {
    const parts = object.url.slice(folder.length).split('/');
    // Consoles make an object for a folder; no pattern names the others.
    if (parts.some((part) => ['', '.', '..'].includes(part))) continue;
    found.set(parts.join('/'), stampOf(object));
    for (const [depth, part] of parts.entries()) {
      const parent = [root, ...parts.slice(0, depth)].join('/');
      const isFile = depth === parts.length - 1;
      const entries = tree.get(parent) ?? new Map<string, 'file' | 'folder'>();
      // A key may be the beginning of others: then there is a file and a folder of that name.
      entries.set(isFile ? part : `${part}/`, isFile ? 'file' : 'folder');
      tree.set(parent, entries);
    }
  }
  const { glob } = await import('tinyglobby');
  const matching = await glob(literalParentheses(rest), {
    cwd: root,
    expandDirectories: false,
    fs: { readdir: readdirOf(tree) },
  });
  const paths = matching.sort().map((name) => prefix + name);
  const stamps = new Map(
    matching.flatMap((name) => {
      const stamp = found.get(name);
      return stamp ? [[prefix + name, stamp] as const] : [];
    }),
  );
  return { paths, errors: [], dangling: [], stamps };
}

/** What each match begins with: fewer objects are listed. */
function literalBeginning(pattern: string): string {
  return /^[\w.=-]*/.exec(pattern)?.[0] ?? '';
}

function readdirOf(tree: ReadonlyMap<string, ReadonlyMap<string, 'file' | 'folder'>>): typeof readdirCallback {
  const readdir = (path: string, _options: unknown, done: (error: null, entries: Dirent[]) => void) => {
    const entries = tree.get(path.replace(/\/+$/, '')) ?? new Map<string, 'file' | 'folder'>();
    done(
      null,
      [...entries].map(([name, kind]) => entryOf(name.replace(/\/$/, ''), kind)),
    );
  };
  return readdir as unknown as typeof readdirCallback;
}

function entryOf(name: string, kind: 'file' | 'folder'): Dirent {
  return {
    name,
    isFile: () => kind === 'file',
    isDirectory: () => kind === 'folder',
    isSymbolicLink: () => false,
  } as Dirent;
}
