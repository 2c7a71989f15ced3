import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { deleteLeftovers } from '../../../../src/store/blobs/leftovers.ts';
import { temporaryIn } from '../../../../src/store/blobs/temporary-files.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const day = 24 * 3_600_000;
const { signal } = new AbortController();

function age(path: string, ageMs: number): string {
  const at = new Date(Date.now() - ageMs);
  utimesSync(path, at, at);
  return path;
}

function write(path: string, ageMs: number): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'half');
  return age(path, ageMs);
}

const names = () => folder.files().sort();
const nameOf = (path: string) => path.slice(folder.path.length + 1);

test('of temporary files those older than a day go, and nothing else', async () => {
  const old = write(temporaryIn(folder.path), day + 60_000);
  const young = write(temporaryIn(folder.path), day - 60_000);
  const others = ['2026-10-01.csv.gz', '.seal.lock', 'mine.tmp', '.mine.tmp'].map((name) =>
    write(join(folder.path, name), 9 * day),
  );
  expect(await deleteLeftovers(folder.path, signal)).toBe(1);
  expect(existsSync(old)).toBe(false);
  expect(readdirSync(folder.path).sort()).toEqual([young, ...others].map(nameOf).sort());
});

test('a folder that is not there has none', async () => {
  expect(await deleteLeftovers(join(folder.path, 'none'), signal)).toBe(0);
});

test('they are deleted everywhere, with folders that become empty', async () => {
  const spool = join(folder.path, 'spool', 'news', 'run', 'x');
  const kept = [
    write(join(folder.path, 'spool', 'news', 'other', 'y', 'hash'), 9 * day),
    write(temporaryIn(join(folder.path, 'state')), 60_000),
  ];
  for (const path of [temporaryIn(spool), temporaryIn(join(folder.path, 'spool', 'news', 'other', 'y'))])
    write(path, 9 * day);
  write(join(folder.path, 'news', '.abc.seal.gz'), 9 * day);
  mkdirSync(join(folder.path, 'spool', 'wire', 'killed', 'before'), { recursive: true });
  for (const path of [spool, dirname(spool), join(folder.path, 'spool', 'wire', 'killed', 'before')])
    age(path, 9 * day);
  expect(await deleteLeftovers(folder.path, signal)).toBe(3);
  expect(names()).toEqual(kept.map(nameOf).sort());
  // The folder above was young: it goes the next time.
  expect(readdirSync(join(folder.path, 'spool', 'wire'))).toEqual(['killed']);
  expect(existsSync(dirname(spool))).toBe(false);
});

test('those of a link, and of folders that others keep in the store, stay', async () => {
  const elsewhere = write(join(folder.path, 'elsewhere', '.01234567-89ab-cdef-0123-456789abcdef.tmp'), 9 * day);
  mkdirSync(join(folder.path, 'mine', 'empty'), { recursive: true });
  for (const name of ['mine/empty', 'mine']) age(join(folder.path, name), 9 * day);
  mkdirSync(join(folder.path, 'spool'));
  symlinkSync(dirname(elsewhere), join(folder.path, 'spool', 'link'));
  const gone = write(temporaryIn(folder.path), 9 * day);
  expect(await createDirectoryStore(folder.path).deleteLeftovers(signal)).toBe(1);
  expect([gone, elsewhere, join(folder.path, 'mine', 'empty')].map(existsSync)).toEqual([false, true, true]);
});
