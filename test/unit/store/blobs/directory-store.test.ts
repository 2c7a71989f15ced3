import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SinkUnavailable } from '../../../../src/domain/errors.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { describeBlobStore } from '../../../support/blob-store-contract.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createDirectoryStore(folder.path);
const text = async (path: string) => (await open().get(path))?.toString();

describeBlobStore('a folder', open);

describe('putIfAbsent', () => {
  test('of the same path at once leaves no temporary file', async () => {
    const store = open();
    await Promise.all(Array.from({ length: 12 }, async (_, n) => store.putIfAbsent('same', String(n).repeat(50_000))));
    expect(folder.files()).toEqual(['same']);
  });
});

describe('putStreamIfAbsent', () => {
  async function* stream(...parts: string[]): AsyncGenerator<Uint8Array> {
    for (const part of parts) yield Buffer.from(part);
  }
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('the other side broke off');
  }
  test('leaves nothing if its content is interrupted, and says why', async () => {
    await expect(open().putStreamIfAbsent('a/b', broken())).rejects.toThrow('the other side broke off');
    expect(folder.files()).toEqual([]);
  });

  test('is unavailable where the folder cannot be written', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    await expect(open().putStreamIfAbsent('file/b', stream('x'))).rejects.toThrow(SinkUnavailable);
  });
});

describe('put', () => {
  test('below a file makes the store unavailable', async () => {
    await open().put('file', '');
    const error = await open()
      .put('file/below/it', '')
      .catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(SinkUnavailable);
    expect((error as Error).message).toContain(join(folder.path, 'file/below/it'));
    await expect(open().putIfAbsent('file/below', '')).rejects.toBeInstanceOf(SinkUnavailable);
    expect(folder.files()).toEqual(['file']);
  });

  test('in the place of a folder fails and leaves no temporary file', async () => {
    await open().put('a/b/c', 'kept');
    await expect(open().put('a/b', '')).rejects.toBeInstanceOf(SinkUnavailable);
    expect(folder.files()).toEqual(['a/b/c']);
  });

  test('finds its folder whether or not another one removes it meanwhile', async () => {
    const store = open();
    const visits = Array.from({ length: 4 }, async (_, visitor) => {
      for (let n = 0; n < 40; n++) {
        const path = `spool/news/run/${visitor}-${n}`;
        await store.put(path, 'x');
        await store.delete(path);
      }
    });
    await expect(Promise.all(visits)).resolves.toBeDefined();
    expect(folder.files()).toEqual([]);
  });
});

describe('get', () => {
  test('finds nothing where there is no blob, no folder, or a file in the way', async () => {
    await open().put('file', '');
    expect(await open().get('none')).toBeNull();
    expect(await open().get('no/such/folder')).toBeNull();
    expect(await open().get('file/below')).toBeNull();
    expect(await createDirectoryStore(join(folder.path, 'never-made')).get('none')).toBeNull();
  });

  test('of a folder makes the store unavailable', async () => {
    await open().put('a/b', '');
    await expect(open().get('a')).rejects.toBeInstanceOf(SinkUnavailable);
  });
});

describe('list', () => {
  test('gives all blobs below a folder, in order, without temporary files', async () => {
    for (const path of ['a/b/2', 'a/b/10', 'a/b-1', 'a/c', 'z', 'ab/1']) await open().put(path, '');
    writeFileSync(join(folder.path, 'a', '.left-over.tmp'), '');
    mkdirSync(join(folder.path, 'a', 'empty'));
    expect(await open().list('a')).toEqual(['a/b-1', 'a/b/10', 'a/b/2', 'a/c']);
  });

  test.each(['a', 'a/', './a', '../x/a'])(
    'gives paths that get understands, with the root written as %s',
    async (root) => {
      const absolute = join(folder.path, root.startsWith('..') ? 'a' : root);
      const store = createDirectoryStore(
        root === 'a' ? absolute : relative(process.cwd(), absolute) + (root.endsWith('/') ? '/' : ''),
      );
      await store.put('b/c', 'content');
      expect(await store.list('b')).toEqual(['b/c']);
      expect((await store.get('b/c'))?.toString()).toBe('content');
    },
  );

  test('leaves nothing out because a folder beside it is removed meanwhile', async () => {
    const store = open();
    await store.put('deferred/postgres/news/kept', '');
    const watch = { done: false };
    const churning = Promise.all(
      Array.from({ length: 3 }, async (_, n) => {
        while (!watch.done) {
          await store.put(`deferred/csv/source-${n}/marker`, '');
          await store.delete(`deferred/csv/source-${n}/marker`);
        }
      }),
    );
    let missed = 0;
    for (let n = 0; n < 300; n++) if (!(await store.list('deferred')).includes('deferred/postgres/news/kept')) missed++;
    watch.done = true;
    await churning;
    expect(missed).toBe(0);
  });
});

describe('delete', () => {
  test('removes the folders that it leaves empty, but not the top one and no other', async () => {
    const store = open();
    for (const path of ['spool/news/run-1/a', 'spool/news/run-2/b', 'spool/wire/run-3/c']) await store.put(path, '');
    await store.delete('spool/news/run-1/a');
    expect(existsSync(join(folder.path, 'spool/news/run-1'))).toBe(false);
    await store.delete('spool/wire/run-3/c');
    expect(existsSync(join(folder.path, 'spool/wire'))).toBe(false);
    await store.delete('spool/news/run-2/b');
    expect(folder.files()).toEqual([]);
    expect(existsSync(join(folder.path, 'spool'))).toBe(true);
  });

  test('does nothing where there is no blob', async () => {
    await open().put('file', 'kept');
    for (const path of ['none', 'no/such/folder', 'file/below']) await open().delete(path);
    expect(await text('file')).toBe('kept');
  });
});

describe('walk', () => {
  const walked = async (below = '') => {
    const paths: string[] = [];
    for await (const path of open().walk(below)) paths.push(path);
    return paths;
  };

  test('continues beside concurrent deletions', async () => {
    for (const path of ['a/1', 'b/1', 'c/1']) await open().put(path, '');
    const seen: string[] = [];
    for await (const path of open().walk('')) {
      seen.push(path);
      await open().delete(path === 'a/1' ? 'b/1' : path);
    }
    expect(seen).toEqual(['a/1', 'c/1']);
  });

  test('is unavailable where the folder cannot be read', async () => {
    const tooLong = 'n'.repeat(300);
    await expect(walked(tooLong)).rejects.toThrow(SinkUnavailable);
    await expect(open().list(tooLong)).rejects.toThrow(SinkUnavailable);
  });
});
