import { mkdirSync, rmSync, readdirSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { SinkUnavailable } from '../../../../src/domain/errors.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { FolderHealth } from '../../../../src/store/storage/folder-health.ts';
import { watchedStore } from '../../../../src/store/storage/watched-store.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
let root: string;
let health: FolderHealth;
beforeEach(() => {
  root = join(folder.path, 'data');
  health = new FolderHealth('store', root);
});

const failure = (code: string, what: string) =>
  new SinkUnavailable(`store: could not write ${root}/state/a.json: ${code}`, {
    cause: Object.assign(new Error(`${code}: ${what}, open '${root}/state/.tmp'`), { code }),
  });
const noSpace = failure('ENOSPC', 'no space left on device');

describe('FolderHealth', () => {
  test('makes the folder, leaves nothing in it, and says how much is free', async () => {
    await health.probe();
    expect(health.status()).toMatchObject({ part: 'store', folder: root, error: null, since: null });
    expect(health.status().freeBytes).toBeGreaterThan(0);
    expect(readdirSync(root)).toEqual([]);
  });

  test('remembers a failed write until as much can be written there', async () => {
    const state = join(root, 'state');
    health.failed(state, 5_000, noSpace);
    const { error, since } = health.status();
    expect(error).toBe(`ENOSPC: no space left on device, in ${state}`);
    health.succeeded(state, 4_999);
    health.succeeded(join(root, 'receipts'), 9_999);
    expect(health.status()).toMatchObject({ error, since });
    health.succeeded(state, 5_000);
    expect(health.status().error).toBeNull();
  });

  test('tries again where a write failed, and names the root first', async () => {
    await health.probe();
    health.failed(join(root, 'state'), 10, noSpace);
    health.failed(root, 10, failure('EROFS', 'read-only file system'));
    expect(health.status().error).toBe('EROFS: read-only file system');
    await health.probe();
    expect(health.status().error).toBeNull();
    expect(readdirSync(join(root, 'state'))).toEqual([]);
  });

  test.skipIf(process.geteuid?.() === 0)('names a folder below it that is closed', async () => {
    await health.probe();
    const state = join(root, 'state');
    mkdirSync(state);
    chmodSync(state, 0o500);
    const store = watchedStore(root, createDirectoryStore(root), health);
    await expect(store.put('state/a.json', '1')).rejects.toThrow(/EACCES/);
    await health.probe();
    expect(health.status().error).toBe(`EACCES: permission denied, in ${state}`);
    chmodSync(state, 0o700);
    await health.probe();
    expect(health.status().error).toBeNull();
  });
});

describe('watchedStore', () => {
  const reported: string[] = [];
  const reports = {
    failed: (where: string, bytes: number, error: unknown) =>
      void reported.push(`failed ${where} ${bytes} ${String(error)}`),
    succeeded: (where: string, bytes: number) => void reported.push(`succeeded ${where} ${bytes}`),
  };
  beforeEach(() => void (reported.length = 0));

  test('reports writes by folder and size', async () => {
    const store = watchedStore(root, createDirectoryStore(root), reports);
    await store.put('state/a.json', 'abc');
    await store.putIfAbsent('state/a.json', 'abcd');
    await store.delete('state/a.json');
    expect(reported).toEqual([`succeeded ${root}/state 3`, `succeeded ${root}/state 4`, `succeeded ${root}/state 0`]);
  });

  test.each([
    ['ENOSPC', true],
    ['EDQUOT', true],
    ['EROFS', true],
    ['EIO', true],
    ['EACCES', true],
    ['ESTALE', true],
    ['EISDIR', false],
    ['ENAMETOOLONG', false],
  ])('takes %s for a failure of the folder: %s', async (code, isReported) => {
    const broken = { ...createDirectoryStore(root), put: () => Promise.reject(failure(code, 'so it is')) };
    await expect(watchedStore(root, broken, reports).put('state/a.json', 'abc')).rejects.toThrow(code);
    expect(reported).toHaveLength(isReported ? 1 : 0);
  });

  test('does not treat interrupted content as a failure of the folder', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('a');
      throw new Error('the source ended');
    }
    const store = watchedStore(root, createDirectoryStore(root), reports);
    await expect(store.putStreamIfAbsent('spool/a', broken())).rejects.toThrow('the source ended');
    expect(reported).toEqual([]);
    rmSync(root, { recursive: true, force: true });
  });
});
