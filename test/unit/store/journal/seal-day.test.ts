import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DamagedFile } from '../../../../src/domain/errors.ts';
import { sealDay } from '../../../../src/store/journal/folder/seal-day.ts';
import type { SealContext } from '../../../../src/store/journal/seal-context.ts';
import { record } from '../../sinks/records.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';
import {
  day,
  fits,
  flipByte,
  foldersIn,
  manifest,
  sealedFile,
  sealedRows,
  source,
  writeOldPart,
  writePart,
} from './journal-folder.ts';

const folder = useTemporaryFolder();
const context: SealContext = { signal: new AbortController().signal, onProgress: () => {} };
const seal = (some: Partial<SealContext> = {}) => sealDay(foldersIn(folder.path), source, day, { ...context, ...some });
const sealedFiles = [`csv/${source}/${day}.csv.gz`, `csv/${source}/${day}.json`];
const ids = () => sealedRows(folder.path).map((row) => row['source_id']);

describe('sealDay', () => {
  test('merges parts in order of ingestion, keeps the first of each key, and says what it holds', async () => {
    writePart(folder.path, '100000000', [
      record('b', { payload: '{"v":2}', occurredAt: '2026-11-01T00:00:00.000001Z' }),
      record('c', { occurredAt: '2026-11-22T00:00:00.000000Z' }),
    ]);
    writePart(folder.path, '090000000', [record('a'), record('b', { payload: '{"v":1}' })]);
    expect(await seal()).toBe(true);
    expect(sealedRows(folder.path)).toMatchObject([
      { source, source_id: 'a' },
      { source_id: 'b', payload: '{"v":1}', occurred_at: '2026-11-01T00:00:00.000000Z' },
      { source_id: 'c' },
    ]);
    expect(manifest(folder.path)).toEqual({
      source,
      day,
      rows: 3,
      parts: 2,
      replaces: null,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      minOccurredAt: '2026-11-01T00:00:00.000000Z',
      maxOccurredAt: '2026-11-22T00:00:00.000000Z',
    });
    expect(fits(folder.path)).toBe(true);
    expect(folder.files()).toEqual(sealedFiles);
    expect(await seal()).toBe(false);
  });

  test('of 0.2.0 are sealed as they are, and the manifest counts them', async () => {
    writeOldPart(folder.path, '100000000', [record('a')]);
    writeOldPart(folder.path, '110000000', [record('b')]);
    writePart(folder.path, '120000000', [record('c')]);
    await seal();
    expect(manifest(folder.path)).toMatchObject({ rows: 3, parts: 3, unverified: 2 });
    writeOldPart(folder.path, '130000000', [record('d')]);
    await seal();
    writePart(folder.path, '140000000', [record('e')]);
    await seal();
    expect(manifest(folder.path)).toMatchObject({ rows: 5, parts: 5, unverified: 3 });
  });

  test('keeps every character of ids and payloads', async () => {
    const odd = ['a,b', 'say "hi"', 'two\nlines', 'cr\rhere', 'naïve 🦊', ' lead', '=1+1', "'", ''];
    writePart(
      folder.path,
      '100000000',
      odd.map((text) => record(text, { payload: JSON.stringify({ text }) })),
    );
    await seal();
    expect(sealedRows(folder.path).map((row) => [row['source_id'], row['payload']])).toEqual(
      odd.map((text) => [text, JSON.stringify({ text })]),
    );
  });

  test('gives the same bytes for parts of the same moment, in whatever order they are found', async () => {
    writePart(folder.path, '100000000', [record('a', { payload: '1' })]);
    writePart(folder.path, '100000000', [record('a', { payload: '2' })]);
    await seal();
    const first = readFileSync(sealedFile(folder.path));
    rmSync(sealedFile(folder.path));
    rmSync(join(folder.path, 'csv', source, `${day}.json`));
    writePart(folder.path, '100000000', [record('a', { payload: '2' })]);
    writePart(folder.path, '100000000', [record('a', { payload: '1' })]);
    await seal();
    expect(readFileSync(sealedFile(folder.path)).equals(first)).toBe(true);
  });

  test('merges a later part after what is sealed', async () => {
    writePart(folder.path, '100000000', [record('a', { payload: '1' })]);
    await seal();
    const { sha256 } = manifest(folder.path);
    writePart(folder.path, '090000000', [record('b'), record('a', { payload: '2' })]);
    expect(await seal()).toBe(true);
    expect(sealedRows(folder.path)).toMatchObject([{ source_id: 'a', payload: '1' }, { source_id: 'b' }]);
    expect(manifest(folder.path)).toMatchObject({ rows: 2, parts: 2, replaces: sha256 });
    expect(folder.files()).toEqual(sealedFiles);
  });

  test('leaves a part that comes while it seals', async () => {
    writePart(folder.path, '100000000', [record('a')]);
    let late = '';
    const onProgress: SealContext['onProgress'] = (details) => {
      if ('step' in details && details.step === 'merged') late = writePart(folder.path, '235959999', [record('b')]);
    };
    await seal({ onProgress });
    expect(folder.files()).toHaveLength(3);
    expect(readFileSync(late, 'utf8')).toContain('news,b,');
    await seal();
    expect(ids()).toEqual(['a', 'b']);
  });

  // Of a first sealing, and of one that follows another.
  test.each([false, true].flatMap((again) => [1, 2, 3, 4, 5].map((steps) => ({ again, steps }))))(
    'killed after step $steps (again: $again) loses nothing, and the next one ends the work',
    async ({ again, steps }) => {
      if (again) {
        writePart(folder.path, '080000000', [record('z')]);
        await seal();
      }
      for (const [n, id] of ['a', 'b', 'c'].entries()) writePart(folder.path, `10000000${n}`, [record(id)]);
      let left = steps;
      const onProgress: SealContext['onProgress'] = (details) => {
        if ('step' in details && --left === 0) throw new Error('killed');
      };
      await expect(seal({ onProgress })).rejects.toThrow('killed');
      await seal();
      expect(ids()).toEqual(again ? ['z', 'a', 'b', 'c'] : ['a', 'b', 'c']);
      expect(fits(folder.path)).toBe(true);
      expect(folder.files()).toEqual(sealedFiles);
    },
  );

  test('twice at once seals once', async () => {
    for (let n = 100; n < 150; n++) writePart(folder.path, `100000${n}`, [record(String(n))]);
    const results = await Promise.all([seal(), seal(), seal()]);
    expect(results.filter(Boolean)).toHaveLength(1);
    expect(ids()).toHaveLength(50);
    expect(folder.files()).toEqual(sealedFiles);
  });

  test('takes over the lock of a process that died, and removes what it left', async () => {
    writePart(folder.path, '100000000', [record('a')]);
    writeFileSync(join(folder.path, 'csv', source, '.seal.lock'), `${hostname()}/${spawnSync('true').pid}/x`);
    writeFileSync(join(folder.path, 'csv', source, '.half.seal.gz'), 'half');
    await seal();
    expect(ids()).toEqual(['a']);
    expect(folder.files()).toEqual(sealedFiles);
  });

  test('that lost its lock meanwhile replaces and deletes nothing', async () => {
    const part = writePart(folder.path, '100000000', [record('a')]);
    const onProgress: SealContext['onProgress'] = (details) => {
      if ('step' in details) writeFileSync(join(folder.path, 'csv', source, '.seal.lock'), 'another/1/y');
    };
    await expect(seal({ onProgress })).rejects.toThrow(/is being sealed by another process/);
    expect(folder.files()).toContain(part.slice(folder.path.length + 1));
    expect(folder.files()).not.toContain(sealedFiles[0]);
  });
});

/** What is said of a part whose damage only its name gives away. */
const unlike = /\.csv line 1: the content has sha256 \w+, expected \w{16}… by its name; .*none of it was read/;

describe('damage', () => {
  test.each([20, 60, -6])(
    'of byte %i of a sealed day stops the sealing: nothing is replaced or deleted',
    async (offset) => {
      writePart(folder.path, '100000000', [record('a'), record('b'), record('c', { payload: '{"text":"some text"}' })]);
      await seal();
      writePart(folder.path, '110000000', [record('d')]);
      const path = sealedFile(folder.path);
      flipByte(path, offset < 0 ? readFileSync(path).length + offset : offset);
      const before = folder.files().map((file) => readFileSync(join(folder.path, file), 'hex'));
      const error = await seal().catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(DamagedFile);
      expect((error as Error).message).toMatch(/news\/2026-11-23\.csv\.gz line \d+: .*expected/);
      expect(folder.files().map((file) => readFileSync(join(folder.path, file), 'hex'))).toEqual(before);
    },
  );

  test.each([
    [
      'a quote that nothing closes',
      'news,a,2026-11-01T00:00:00.000000Z,"{}\n',
      /line 2: found an opening quote without a closing quote before the end on line \d, expected CSV as in RFC 4180; fix/,
    ],
    [
      'text behind a closing quote',
      'news,a,2026-11-01T00:00:00.000000Z,"{}"x\n',
      /line 2: found text after the closing quote of a field, expected CSV as in RFC 4180; fix/,
    ],
    [
      'a quote within a field',
      'news,a"b,2026-11-01T00:00:00.000000Z,{}\n',
      /line 2: found a quote inside an unquoted field, expected CSV as in RFC 4180; fix/,
    ],
    ['a last line without an end', 'news,a,2026-11-01T00:00:00.000000Z,{}', /line 2: the last line has no newline/],
    ['too few fields', 'news,a,2026-11-01T00:00:00.000000Z\n', /line 2: found 3 fields, expected 4/],
    [
      'a time that is none',
      'news,a,2026-02-30T00:00:00.000000Z,{}\n',
      /line 2: occurred_at is .*day 30 does not exist/,
    ],
  ])('of a part (%s) is reported with file and line, and nothing is deleted', async (_what, line, message) => {
    const path = writeOldPart(folder.path, '100000000', []);
    writeFileSync(path, `source,source_id,occurred_at,payload\n${line}`);
    await expect(seal()).rejects.toThrow(message);
    expect(folder.files()).toEqual([path.slice(folder.path.length + 1)]);
  });

  // What the file system left, in ways that leave good CSV behind.
  test.each<[string, RegExp, (text: string) => string]>([
    ['cut at the end of a line', unlike, (text) => text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1)],
    ['with a digit changed', unlike, (text) => text.replace('{""n"":1}', '{""n"":2}')],
    ['with a record twice', unlike, (text) => text + text.slice(text.lastIndexOf('\n', text.length - 2) + 1)],
    ['with NULs', /line 3: found a NUL character, which no record has/, (text) => text.replace('some', '\0\0\0\0')],
    ['emptied', /line 1: the file is empty/, () => ''],
  ])(
    'of a part (%s) is seen by its name: the day is not sealed, and nothing is deleted',
    async (_what, what, change) => {
      const path = writePart(folder.path, '100000000', [
        record('a', { payload: '{"n":1}' }),
        record('b', { payload: '{"text":"some text"}' }),
      ]);
      writePart(folder.path, '110000000', [record('c')]);
      const text = readFileSync(path, 'utf8');
      expect(change(text)).not.toBe(text);
      writeFileSync(path, change(text));
      const before = folder.files();
      const { message } = (await seal().catch((error: unknown) => error)) as Error;
      expect(message).toMatch(what);
      expect(message).toMatch(
        /; restore the file from a backup, or rewrite it with \.\/daybook repair-csv news\/\S+\.csv/,
      );
      expect(folder.files()).toEqual(before);
    },
  );

  test('of a name with a wrong count is reported', async () => {
    const path = writePart(folder.path, '100000000', [record('a')]);
    renameSync(path, path.replace('-1-', '-2-'));
    await expect(seal()).rejects.toThrow(/found 1 records, expected 2 by its name/);
  });

  test('by NULs is seen in a part of 0.2.0, too', async () => {
    const path = writeOldPart(folder.path, '100000000', [record('a', { payload: '{"text":"some text"}' })]);
    writeFileSync(path, readFileSync(path, 'utf8').replace('some', '\0\0\0\0'));
    await expect(seal()).rejects.toThrow(/line 2: found a NUL character, which no record has/);
    expect(folder.files()).toHaveLength(1);
  });

  test('of a header is reported', async () => {
    const path = writeOldPart(folder.path, '100000000', []);
    writeFileSync(path, 'id;name\n');
    await expect(seal()).rejects.toThrow(/line 1: found "id;name", expected the header source,source_id/);
  });
});
