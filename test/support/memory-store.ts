import type { BlobStore } from '../../src/store/blobs/blob-store.ts';

/** Blobs in memory, consistent as a bucket is. @param before is awaited before each call and after it: others run meanwhile */
export function createMemoryStore(
  blobs: Map<string, Buffer> = new Map(),
  before: (call: string) => Promise<void> = async () => {},
): BlobStore {
  const below = (folder: string) =>
    [...blobs.keys()].filter((path) => folder === '' || path.startsWith(`${folder}/`)).sort();
  async function calls<T>(call: string, work: () => T): Promise<T> {
    await before(call);
    const result = work();
    await before('answer');
    return result;
  }
  const place = (path: string, content: Uint8Array | string) => {
    if (blobs.has(path)) return false;
    blobs.set(path, Buffer.from(content));
    return true;
  };
  return {
    putIfAbsent: async (path, content) => calls(`putIfAbsent ${path}`, () => place(path, content)),
    put: async (path, content) => calls(`put ${path}`, () => void blobs.set(path, Buffer.from(content))),
    get: async (path) => calls(`get ${path}`, () => blobs.get(path) ?? null),
    async putStreamIfAbsent(path, content) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of content) chunks.push(chunk);
      return calls(`putStreamIfAbsent ${path}`, () => place(path, Buffer.concat(chunks)));
    },
    async getStream(path) {
      const content = await calls(`getStream ${path}`, () => blobs.get(path));
      if (content === undefined) return null;
      return (async function* () {
        yield content;
      })();
    },
    async *walk(folder) {
      yield* await calls(`list ${folder}`, () => below(folder));
    },
    list: async (folder) => calls(`list ${folder}`, () => below(folder)),
    sizes: async (folder) =>
      calls(`list ${folder}`, () => new Map(below(folder).map((path) => [path, blobs.get(path)?.length ?? 0]))),
    folders: async (folder) =>
      calls(`folders ${folder}`, () => {
        const from = folder === '' ? 0 : folder.length + 1;
        const names = below(folder).flatMap((path) => path.slice(from).split('/').slice(0, -1).slice(0, 1));
        return [...new Set(names)].sort();
      }),
    listOlder: async () => [],
    delete: async (path) => calls(`delete ${path}`, () => void blobs.delete(path)),
    deleteLeftovers: async () => 0,
  };
}
