import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SourceRefused } from '../../../../src/domain/errors.ts';
import { FileRuns } from './file-runs.ts';

let files: FileRuns;
beforeEach(() => {
  files = new FileRuns();
  files.write('in/a.ndjson', '{"id":"a"}\n');
  files.write('in/sub/b.ndjson', '{"id":"b"}\n');
  files.write('out/secret.ndjson', '{"id":"secret"}\n');
  files.write('out/deep/secret.ndjson', '{"id":"deep secret"}\n');
});
afterEach(() => files.close());

const link = (name: string, target: string) => symlinkSync(target, files.path(name));
const ids = (values: readonly unknown[]) => values.map((value) => (value as { id: string }).id).sort();

/** A link that leaves the folder, and a pattern that meets it. */
const leaving: [what: string, make: () => void, path: string, whole: string[]][] = [
  ['a link to a file', () => link('in/x.ndjson', '../out/secret.ndjson'), 'in/*.ndjson', ['a', 'secret']],
  [
    'a link to a file by its absolute path',
    () => link('in/x.ndjson', files.path('out/secret.ndjson')),
    'in/*.ndjson',
    ['a', 'secret'],
  ],
  ['a link to a folder', () => link('in/x', '../out'), 'in/*/*.ndjson', ['b', 'secret']],
  [
    'a link to a folder at any depth',
    () => link('in/x', '../out'),
    'in/**/*.ndjson',
    ['a', 'b', 'deep secret', 'secret'],
  ],
  ['a link to the folder above', () => link('in/x', '..'), 'in/x*/out/*.ndjson', ['secret']],
  ['a link behind a link', () => (link('in/sub/y', '../../out'), link('in/x', 'sub')), 'in/x/y*/*.ndjson', ['secret']],
  [
    'a link to a link that leaves',
    () => (link('in/sub/y.txt', '../../out/secret.ndjson'), link('in/x.ndjson', 'sub/y.txt')),
    'in/*.ndjson',
    ['a', 'secret'],
  ],
  ['a folder whose name begins alike', () => link('in/x', '../in-other'), 'in/*/*.ndjson', ['b', 'other']],
];

describe('a symbolic link that leaves the folder of a glob', () => {
  test.each(leaving)('fails the run, naming the key, once the others are read: %s', async (_, make, path, whole) => {
    files.write('in-other/c.ndjson', '{"id":"other"}\n');
    make();
    const { values, error } = await files.run({ path });
    expect(error).toBeInstanceOf(SourceRefused);
    expect((error as Error).message).toMatch(
      /in\/(?:sub\/)?[xy].* symbolic link out of .*\/in(?:\/x)?, or behind one, and leads to .*; set follow_symlinks: true/,
    );
    expect(ids(values)).toEqual(whole.filter((id) => id === 'a' || id === 'b'));
    // Nothing of it is remembered as read.
    const again = await files.run({ path, followSymlinks: true });
    expect(again.error).toBe(null);
    expect(ids(again.values)).toEqual(whole.filter((id) => id !== 'a' && id !== 'b'));
  });

  test('does not fail a run whose pattern does not match it', async () => {
    link('in/README', '../out/secret.ndjson');
    link('in/x', '../out');
    const { values, error } = await files.run({ path: 'in/*.ndjson' });
    expect(ids(values)).toEqual(['a']);
    expect(error).toBe(null);
  });

  test('that appears after the others were read fails the next run', async () => {
    await files.run({ path: 'in/*.ndjson' });
    link('in/x.ndjson', '../out/secret.ndjson');
    expect((await files.run({ path: 'in/*.ndjson' })).error).toBeInstanceOf(SourceRefused);
  });
});

describe('a symbolic link', () => {
  test('within the folder is followed, to a file and to a folder', async () => {
    link('in/x.ndjson', 'sub/b.ndjson');
    link('in/link-sub', 'sub');
    const file = await files.run({ path: 'in/x*.ndjson' });
    const folder = await files.run({ path: 'in/link-*/*.ndjson' });
    expect(ids(file.values)).toEqual(['b']);
    expect(file.error).toBe(null);
    expect(ids(folder.values)).toEqual(['b']);
    expect(folder.error).toBe(null);
  });

  test('that the path itself names is followed, as a file and as the folder of a glob', async () => {
    link('single.ndjson', 'out/secret.ndjson');
    link('folder', 'out');
    expect(ids((await files.run({ path: 'single.ndjson' })).values)).toEqual(['secret']);
    const { values, error } = await files.run({ path: 'folder/**/*.ndjson' });
    expect(ids(values)).toEqual(['deep secret', 'secret']);
    expect(error).toBe(null);
  });

  test('that leads nowhere is passed over with a warning', async () => {
    link('in/gone.ndjson', 'nowhere.ndjson');
    const { values, error, warnings } = await files.run({ path: 'in/*.ndjson' });
    expect(ids(values)).toEqual(['a']);
    expect(error).toBe(null);
    expect(warnings.join()).toContain('in/gone.ndjson is a broken symbolic link');
  });

  test.each([false, true])('that forms a cycle ends (follow_symlinks: %s)', async (followSymlinks) => {
    link('in/self', '.');
    link('in/sub/up', '..');
    link('in/sub/round', '../sub');
    const { values, error } = await files.run({ path: 'in/**/*.ndjson', followSymlinks });
    expect(ids(values)).toEqual(['a', 'b']);
    expect(error).toBe(null);
  });

  test('that leads to itself is passed over', async () => {
    link('in/circle.ndjson', 'circle.ndjson');
    const { values, error } = await files.run({ path: 'in/*.ndjson' });
    expect(ids(values)).toEqual(['a']);
    expect(error).toBe(null);
  });

  test('among many that form cycles comes to a reported end', async () => {
    const folders = Array.from({ length: 9 }, (_, n) => `in/d${n}`);
    for (const folder of folders) mkdirSync(files.path(folder));
    for (const folder of folders) for (const other of folders) link(`${folder}/to-${other.slice(3)}`, `../../${other}`);
    const { error } = await files.run({ path: 'in/**/*.ndjson' });
    expect((error as Error).message).toContain('more than 1000 paths lead to folders that were read already');
  });
});
