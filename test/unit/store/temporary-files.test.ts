import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deleteLeftovers, temporaryIn } from '../../../src/store/temporary-files.ts';
import { useTemporaryFolder } from './temporary-folder.ts';

const folder = useTemporaryFolder();
const day = 24 * 3_600_000;

test('of temporary files those older than told go, and nothing else', async () => {
  const write = (path: string, ageMs: number) => {
    writeFileSync(path, 'half');
    const at = new Date(Date.now() - ageMs);
    utimesSync(path, at, at);
    return path;
  };
  const old = write(temporaryIn(folder.path), day + 60_000);
  const young = write(temporaryIn(folder.path), day - 60_000);
  const others = ['2026-10-01.csv.gz', '.seal.lock', 'mine.tmp', '.mine.tmp'].map((name) =>
    write(join(folder.path, name), 9 * day),
  );
  expect(await deleteLeftovers(folder.path, new Date(Date.now() - day))).toBe(1);
  expect(existsSync(old)).toBe(false);
  expect(readdirSync(folder.path).sort()).toEqual(
    [young, ...others].map((path) => path.slice(folder.path.length + 1)).sort(),
  );
});

test('a folder that is not there has none', async () => {
  expect(await deleteLeftovers(join(folder.path, 'none'), new Date())).toBe(0);
});
