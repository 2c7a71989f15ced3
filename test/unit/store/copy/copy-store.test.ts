import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { copyStore, type CopyOptions } from '../../../../src/store/copy/copy-store.ts';
import type { CopySide } from '../../../../src/store/copy/copy-side.ts';
import { readIdentity, replaceIdentity, storeIdentity } from '../../../../src/store/identity.ts';
import { storePaths, type StoreKind } from '../../../../src/store/paths/paths.ts';
import { putPart, rowsOf } from '../../../support/journal-contract.ts';
import { record } from '../../sinks/records.ts';
import {
  day,
  flipByte,
  journalIn,
  manifest,
  sealedFile,
  source,
  writeOldPart,
  writePart,
} from '../journal/journal-folder.ts';
import { storedKinds } from '../stored-kinds.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';
import { bucketSide, folderSide } from './copy-places.ts';

const temporary = useTemporaryFolder();
const [at, to, back] = ['data', 'bucket', 'back'].map((name) => () => join(temporary.path, name)) as [
  () => string,
  () => string,
  () => string,
];
let from: CopySide;
beforeEach(() => (from = folderSide(at())));

const options = (some: Partial<CopyOptions> = {}): CopyOptions => ({
  replace: false,
  signal: new AbortController().signal,
  onProgress: () => {},
  requireNoWorkers: async () => {},
  ...some,
});
const copy = (side: CopySide = bucketSide(to()), some: Partial<CopyOptions> = {}) =>
  copyStore(from, side, options(some));
const seal = (of = day) =>
  journalIn(at()).sealDay({ source, day: of }, { signal: new AbortController().signal, onProgress: () => {} });

/** Every kind of file; a sealed day with a part that came later, one of 0.2.0, and a day that is not sealed. */
async function fill(): Promise<void> {
  for (const kind of Object.keys(storedKinds) as StoreKind[]) await storedKinds[kind].write(from.blobs);
  await storeIdentity(from.blobs);
  writePart(at(), '090000000', [record('a'), record('b', { payload: '{"t":"é,\\n"}' })]);
  writePart(at(), '100000000', [record('c')]);
  await seal();
  writePart(at(), '110000000', [record('d')]);
  writeOldPart(at(), '090000000', [record('e'), record('f')], '2026-11-24');
}

/** Names below a place, with tokens of sealed files replaced. */
const names = (below: string) =>
  temporary
    .files()
    .filter((path) => path.startsWith(`${below}/`))
    .map((path) => path.slice(below.length + 1).replace(/(?<=\.g\d+\.)[0-9a-f]{16}/, 'token'));
/** All bytes of a store but for the names of sealed files, and what tells copies apart. */
const contents = (below: string) =>
  temporary
    .files()
    .filter((path) => path.startsWith(`${below}/`))
    .map((path) => {
      const text = path.endsWith('.gz')
        ? readFileSync(join(temporary.path, path)).toString('hex')
        : readFileSync(join(temporary.path, path), 'utf8')
            .replace(/"copy":("[^"]+"|null)/, '"copy":…')
            .trimEnd();
      return [path.slice(below.length + 1), text].map((part) =>
        part?.replaceAll(/(?<=\.g\d+\.)[0-9a-f]{16}/g, 'token'),
      );
    });

describe('a copy of a folder in a bucket', () => {
  test('has every kind of file, and the journal in the layout of a bucket', async () => {
    await fill();
    const copied = await copy();
    expect(copied).toMatchObject({ deleted: 0, records: 6, leftOut: [] });
    expect(copied.days).toEqual([
      { source, day, records: 4 },
      { source, day: '2026-11-24', records: 2 },
    ]);
    expect(copied.written).toBe(copied.files);
    const ofJournal = (name: string) => name.startsWith('csv/');
    const momentary = [
      'doctor',
      storePaths.hostSlots.folder({}),
      storePaths.earlierHostSlot.folder({}),
      storePaths.download.folder({}),
    ];
    const own = names('data').filter(
      (name) => !ofJournal(name) && !momentary.some((part) => name.startsWith(part) && !name.endsWith('closed.json')),
    );
    expect(names('bucket').filter((name) => !ofJournal(name))).toEqual(own);
    expect(names('bucket').filter(ofJournal)).toEqual([
      `csv/src=${source}/day=${day}/${day}.g1.token.csv.gz`,
      expect.stringMatching(/day=2026-11-23\/20261123T110000000Z-\w+-1-\w+\.csv$/),
      `csv/src=${source}/day=${day}/_${day}.g1.json`,
      expect.stringMatching(/day=2026-11-24\/20261124T090000000Z-[0-9a-f]{16}\.csv$/),
    ]);
    expect(await rowsOf(bucketSide(to()).journal)).toEqual(await rowsOf(from.journal));
    expect(await readIdentity(bucketSide(to()).blobs)).toEqual({
      ...(await readIdentity(from.blobs)),
      copy: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
  });

  test('comes back as it was', async () => {
    await fill();
    await copy();
    await copyStore(bucketSide(to()), folderSide(back()), options());
    const unchanged = contents('data').filter(
      ([path]) => !/^doctor$|^downloads\/|^slots\/|^limits\/[^/]+\/\d+-/.test(path ?? ''),
    );
    expect(contents('back')).toEqual(unchanged);
  });

  test('is the same whenever a run is killed, after a second one', async () => {
    await fill();
    await copy();
    const whole = contents('bucket');
    let writes = 0;
    await copy(bucketSide(join(temporary.path, 'count'), () => void writes++));
    expect(writes).toBeGreaterThan(30);
    const some = Array.from({ length: writes / 3 }, (_, step) => 3 * step + 3);
    for (const last of new Set([1, 2, ...some, writes - 1, writes])) {
      let left = last;
      const killed = bucketSide(join(temporary.path, `killed${last}`), () => {
        if (--left < 0) throw new Error('killed');
      });
      const first = await copy(killed).then(
        () => 'done',
        (error: Error) => error.message,
      );
      expect(first).toBe(last === writes ? 'done' : 'killed');
      // The first two are a probe, and its deletion.
      const isUnfinished = last > 2 && last < writes;
      expect(Boolean((await readIdentity(killed.blobs))?.unfinishedCopy)).toBe(isUnfinished);
      await copy(bucketSide(join(temporary.path, `killed${last}`)));
      const again = contents(`killed${last}`).map(([path, text]) => [
        path?.replace(/\.g\d+\./, '.g1.'),
        text?.replaceAll(/\.g\d+\./g, '.g1.'),
      ]);
      expect(new Set(again)).toEqual(new Set(whole));
    }
  });

  test('is continued: a second run writes only what is missing or different', async () => {
    await fill();
    await copy();
    expect(await copy()).toMatchObject({ written: 0, deleted: 0, records: 6 });
    await replaceIdentity(bucketSide(to()).blobs, {
      ...(await storeIdentity(from.blobs)),
      unfinishedCopy: { from: at(), since: '2026-11-24T00:00:00.000Z' },
    });
    rmSync(join(to(), 'receipts'), { recursive: true });
    writeFileSync(join(to(), storePaths.state.build({ source })), 'other');
    expect(await copy()).toMatchObject({ written: 2, deleted: 0 });
    expect(await copy()).toMatchObject({ written: 0 });
  });

  test('follows a store that was used since, if it is told to', async () => {
    await fill();
    await copy();
    await seal();
    await from.blobs.delete(storePaths.state.build({ source }));
    await from.blobs.put(storePaths.pause.build({ source: 'other' }), '{}');
    const before = contents('bucket');
    await expect(copy()).rejects.toThrow(
      /is an older copy of \S+data: 4 files differ, such as .*--replace makes it equal$/,
    );
    expect(contents('bucket')).toEqual(before);
    expect(await copy(bucketSide(to()), { replace: true })).toMatchObject({ written: 2, deleted: 2, records: 6 });
    expect(names('bucket').filter((name) => name.includes(`day=${day}`))).toEqual([
      `csv/src=${source}/day=${day}/${day}.g2.token.csv.gz`,
      `csv/src=${source}/day=${day}/_${day}.g2.json`,
    ]);
    expect(await rowsOf(bucketSide(to()).journal)).toEqual(await rowsOf(from.journal));
  });
});

test('a store of 0.2.0 gets an identity, which its copy has as well', async () => {
  await storedKinds.state.write(from.blobs);
  writeOldPart(at(), '090000000', [record('a')]);
  expect(await copy()).toMatchObject({ records: 1 });
  const identity = await readIdentity(from.blobs);
  expect(identity).toMatchObject({ older: true, databaseId: null, unfinishedCopy: null });
  expect(await readIdentity(bucketSide(to()).blobs)).toMatchObject({ ...identity, copy: expect.any(String) as string });
});

describe('a sealed day of a folder', () => {
  test('without a manifest gets one', async () => {
    writePart(at(), '090000000', [record('a'), record('b', { occurredAt: '2026-11-02T00:00:00.000000Z' })]);
    await seal();
    const before = manifest(at());
    await from.blobs.delete(`csv/${source}/${day}.json`);
    expect(await copy()).toMatchObject({ records: 2 });
    const { sealed } = await bucketSide(to()).journal.day(source, day);
    const { rows, sha256, minOccurredAt, maxOccurredAt } = before;
    expect(await sealed?.manifest?.()).toMatchObject({ rows, sha256, minOccurredAt, maxOccurredAt, replaces: null });
  });

  test('whose sealer was killed after it wrote the manifest has that of its file', async () => {
    writePart(at(), '090000000', [record('a')]);
    await seal();
    const former = readFileSync(sealedFile(at()));
    const late = writePart(at(), '100000000', [record('b')]);
    const part = readFileSync(late);
    await seal();
    writeFileSync(sealedFile(at()), former);
    mkdirSync(join(late, '..'), { recursive: true });
    writeFileSync(late, part);
    expect(manifest(at()).rows).toBe(2);
    expect(await copy()).toMatchObject({ records: 2 });
    expect(await rowsOf(bucketSide(to()).journal)).toEqual(['a {}', 'b {}']);
  });

  test('that is damaged is copied as it is, or named', async () => {
    writePart(at(), '090000000', [record('a')]);
    await seal();
    flipByte(sealedFile(at()), 12);
    await copy();
    const copied = temporary.files().find((path) => /\.g1\..*\.gz$/.test(path)) ?? '';
    expect(readFileSync(join(temporary.path, copied))).toEqual(readFileSync(sealedFile(at())));
    rmSync(to(), { recursive: true });
    writeFileSync(join(at(), 'csv', source, `${day}.json`), '{');
    writePart(at(), '090000000', [record('x')], '2026-11-24');
    await expect(copy()).rejects.toThrow(
      /2026-11-23\.json is not valid JSON.*; then run it again: everything else is copied/,
    );
    expect((await readIdentity(bucketSide(to()).blobs))?.unfinishedCopy).not.toBeNull();
    expect(await rowsOf(bucketSide(to()).journal)).toEqual(['x {}']);
    await from.blobs.delete(`csv/${source}/${day}.json`);
    await expect(copy()).rejects.toThrow(/2026-11-23\.csv\.gz/);
  });
});

describe('store copy refuses', () => {
  test('a target with another store, or with other files in its folders', async () => {
    await fill();
    const other = bucketSide(to());
    await other.blobs.put('state/x.json', '{}');
    await expect(copy()).rejects.toThrow(
      /found state\/x\.json in \S+bucket, but no readable store\.json, expected a place without/,
    );
    await storeIdentity(other.blobs);
    await expect(copy()).rejects.toThrow(
      /bucket holds another store \(id [0-9a-f-]{36}\), expected a place without one/,
    );
    expect(names('bucket')).toEqual(['state/x.json', 'store.json']);
  });

  test('a target that workers have used since', async () => {
    await fill();
    await copy();
    await replaceIdentity(bucketSide(to()).blobs, { ...(await storeIdentity(from.blobs)), counter: 3 });
    await expect(copy(bucketSide(to()), { replace: true })).rejects.toThrow(
      /its counter is 3, .*copy in the other direction/,
    );
  });

  test('a place without a store, and an unfinished copy', async () => {
    await expect(copy()).rejects.toThrow(/found no store in \S+data, expected the folder or the bucket of a Daybook/);
    await fill();
    const identity = await storeIdentity(from.blobs);
    await replaceIdentity(from.blobs, {
      ...identity,
      unfinishedCopy: { from: 's3://b', since: '2026-11-24T00:00:00.000Z' },
    });
    await expect(copy()).rejects.toThrow(/is an unfinished copy of s3:\/\/b, .*finish that copy first/);
    expect(names('bucket')).toEqual([]);
  });

  test('to begin or to end while workers run', async () => {
    await fill();
    let asked = 0;
    const requireNoWorkers = async () => {
      if (++asked > 1) throw new Error('a worker runs');
    };
    await expect(copy(bucketSide(to()), { requireNoWorkers })).rejects.toThrow('a worker runs');
    expect(asked).toBe(2);
    expect((await readIdentity(bucketSide(to()).blobs))?.unfinishedCopy).toMatchObject({ from: at() });
  });

  test('to end while its files change', async () => {
    await fill();
    let polls = 0;
    const poll = () => writeFileSync(join(at(), storePaths.state.build({ source })), String(polls++));
    await expect(copy(bucketSide(to()), { onProgress: poll })).rejects.toThrow(
      /state\/news\.json in \S+data changed while it was copied, expected a store at rest; stop all workers/,
    );
  });
});

test('files in the folder of the journal that are not of Daybook are named', async () => {
  await putPart(from.journal, '09:00:00', [record('a')]);
  writeFileSync(join(at(), 'csv', 'notes.txt'), 'x');
  expect(await copy()).toMatchObject({ leftOut: ['notes.txt'], leftOutCount: 1, records: 1 });
});
