import { afterEach, describe, expect, test, vi } from 'vitest';
import { DamagedFile, SinkUnavailable } from '../../../../src/domain/errors.ts';
import type { BlobStore } from '../../../../src/store/blobs/blob-store.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { createBucketJournal } from '../../../../src/store/journal/bucket/bucket-journal.ts';
import { readUnit } from '../../../../src/store/journal/walk-journal.ts';
import { bucketPaths } from '../../../../src/store/paths/bucket-paths.ts';
import { day, putPart, rowsOf, source } from '../../../support/journal-contract.ts';
import { createMemoryStore } from '../../../support/memory-store.ts';
import { record } from '../../sinks/records.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const { signal } = new AbortController();
const context = { signal, onProgress: () => {} };
const folder = useTemporaryFolder();
const sealedName = (generation: number, token: string) =>
  bucketPaths.sealed.build({ source, day, generation, token: token.repeat(16) });
const manifestName = (generation: number) => bucketPaths.sealManifest.build({ source, day, generation });

function journalIn(blobs: BlobStore) {
  const place = { name: 's3://daybook/csv', blobs };
  return createBucketJournal(place, place);
}

/** A day that is sealed, in memory. */
async function sealedDay() {
  const kept = new Map<string, Buffer>();
  const blobs = createMemoryStore(kept);
  const journal = journalIn(blobs);
  await putPart(journal, '10:00:00', [record('a')]);
  await journal.sealDay({ source, day }, context);
  const file = [...kept.keys()].find((name) => name.endsWith('.csv.gz')) ?? '';
  return { kept, blobs, journal, file, content: kept.get(file) ?? Buffer.alloc(0) };
}

describe('a sealing that only cleans up', () => {
  test('deletes nothing where the manifest of two files cannot be read', async () => {
    for (const token of ['0', 'f']) {
      const { kept, blobs } = await sealedDay();
      kept.set(sealedName(1, token), Buffer.from('of a sealer that came too late'));
      const before = [...kept.keys()];
      const get: BlobStore['get'] = async (path) => {
        if (path === manifestName(1)) throw new SinkUnavailable('away');
        return blobs.get(path);
      };
      await expect(journalIn({ ...blobs, get }).sealDay({ source, day }, context)).rejects.toThrow('away');
      expect([...kept.keys()]).toEqual(before);
      expect(await journalIn(blobs).sealDay({ source, day }, context)).toBe(true);
      expect(await rowsOf(journalIn(blobs))).toEqual(['a {}']);
      expect(kept.size).toBe(2);
    }
  });

  test('deletes nothing where the manifest is damaged', async () => {
    const { kept, journal } = await sealedDay();
    kept.set(sealedName(1, '0'), Buffer.from('of a sealer that came too late'));
    kept.set(manifestName(1), Buffer.from('{'));
    await expect(journal.sealDay({ source, day }, context)).rejects.toBeInstanceOf(DamagedFile);
    expect(kept.size).toBe(3);
  });

  test('keeps the generation before where the file of the last one is missing', async () => {
    const { kept, journal, file, content } = await sealedDay();
    const manifest = kept.get(manifestName(1)) ?? Buffer.alloc(0);
    await putPart(journal, '11:00:00', [record('b')]);
    await journal.sealDay({ source, day }, context);
    for (const name of kept.keys()) if (name.endsWith('.csv.gz')) kept.delete(name);
    kept.set(file, content).set(manifestName(1), manifest);
    await expect(journal.sealDay({ source, day }, context)).rejects.toThrow(/\.g2\.[0-9a-f]{16}\.csv\.gz is missing/);
    expect([...kept.keys()]).toContain(file);
    expect(kept.size).toBe(3);
  });
});

describe('a sealed file', () => {
  test('never has the name of an earlier one', async () => {
    const names: string[] = [];
    const journal = journalIn(
      createMemoryStore(new Map(), async (call) => {
        if (call.startsWith('putStream')) names.push(call);
      }),
    );
    for (let n = 10; n < 15; n++) {
      await putPart(journal, `10:00:${n}`, [record(String(n))]);
      await journal.sealDay({ source, day }, context);
      await journal.deleteSealed({ source, day }, signal);
    }
    expect(new Set(names).size).toBe(5);
  });

  test('is kept where its manifest was taken for that of another sealer', async () => {
    const { blobs } = await sealedDay();
    await putPart(journalIn(blobs), '11:00:00', [record('b')]);
    const putIfAbsent: BlobStore['putIfAbsent'] = async (path, content) => {
      await blobs.putIfAbsent(path, content);
      return false;
    };
    expect(await journalIn({ ...blobs, putIfAbsent }).sealDay({ source, day }, context)).toBe(true);
    expect(await rowsOf(journalIn(blobs))).toEqual(['a {}', 'b {}']);
    expect(await blobs.list('')).toHaveLength(2);
  });

  test('is not confused with that of a sealer that came too late, in a listing of several pages', async () => {
    const { kept, blobs, file } = await sealedDay();
    const late = sealedName(1, '0');
    kept.set(late, Buffer.from('too late'));
    let isFirst = true;
    const sizes: BlobStore['sizes'] = async (below) => {
      const found = new Map(await blobs.sizes(below));
      if (isFirst) found.delete(file);
      isFirst = false;
      return found;
    };
    expect(await rowsOf(journalIn({ ...blobs, sizes }))).toEqual(['a {}']);
    kept.delete(file);
    await expect(rowsOf(journalIn(blobs))).rejects.toThrow(/is missing, expected the file of its manifest/);
  });

  test('that a killed sealer left is deleted after a day, unless nothing else is sealed', async () => {
    const journal = journalIn(createDirectoryStore(folder.path));
    const leave = async (generation: number) =>
      journal.putPart(sealedName(generation, '0'), Buffer.from('left by a kill'));
    await leave(1);
    await putPart(journal, '10:00:00', [record('a')]);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 });
    expect(await journal.deleteLeftovers('parts', signal)).toBe(0);
    await journal.sealDay({ source, day }, context);
    await leave(2);
    vi.useRealTimers();
    expect(await journal.deleteLeftovers('parts', signal)).toBe(0);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 25 * 3_600_000 });
    expect(await journal.deleteLeftovers('archives', signal)).toBe(0);
    expect(await journal.deleteLeftovers('parts', signal)).toBe(1);
    expect(await rowsOf(journal)).toEqual(['a {}']);
    expect(await createDirectoryStore(folder.path).list('')).toHaveLength(2);
  });
});
afterEach(() => vi.useRealTimers());

test('a sealer whose file was deleted meanwhile as a leftover keeps the parts', async () => {
  const kept = new Map<string, Buffer>();
  const blobs = createMemoryStore(kept);
  await putPart(journalIn(blobs), '10:00:00', [record('a')]);
  let isDone = false;
  const onProgress = () => {
    for (const name of kept.keys()) if (!isDone && name.endsWith('.gz')) isDone = kept.delete(name);
  };
  await journalIn(blobs).sealDay({ source, day }, { signal, onProgress });
  expect(isDone).toBe(true);
  expect(await rowsOf(journalIn(blobs))).toEqual(['a {}']);
});

describe('a reader', () => {
  test('beside a deletion of the day finds no damage', async () => {
    const { kept, blobs } = await sealedDay();
    const reading: Promise<string[]>[] = [];
    const deleting = createMemoryStore(kept, async (call) => {
      if (!/^delete .*gz$/.test(call) || reading.length > 0) return;
      reading.push(rowsOf(journalIn(blobs)));
      await new Promise((resolve) => setTimeout(resolve, 50));
    });
    await journalIn(deleting).deleteSealed({ source, day }, signal);
    expect(await Promise.all(reading)).toEqual([[]]);
  });

  test('reports a sealed day without its manifest, and reads the parts that came later', async () => {
    const { kept, blobs } = await sealedDay();
    kept.delete(manifestName(1));
    const damages: string[] = [];
    const unit = { kind: 'day', source, day } as const;
    const choice = { source: null, window: null, archives: false };
    const found = readUnit(journalIn(blobs), unit, choice, ({ message }) => damages.push(message));
    for await (const { rows } of found) expect(rows).toEqual([]);
    expect(damages).toEqual([expect.stringMatching(/_2026-11-23\.g1\.json is missing, expected the manifest/)]);
  });
});

test('a part with a name of another program is among those of its day', async () => {
  const { blobs } = await sealedDay();
  const journal = journalIn(blobs);
  await journal.putPart(`src=news/day=${day}/mine.csv`, Buffer.from('x'));
  expect(await journal.partDays(source)).toEqual([day]);
  const window = { from: '2027-01-01T00:00:00.000000Z', to: '2027-01-02T00:00:00.000000Z' };
  expect(await journal.days(source, window)).toEqual([day]);
  await journal.putPart('src=news/elsewhere/mine.csv', Buffer.from('x'));
  expect(await journal.partDays(source)).toEqual([day]);
});
