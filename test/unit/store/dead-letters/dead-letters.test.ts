import { describe, expect, test } from 'vitest';
import type { RunRef } from '../../../../src/domain/run/batch.ts';
import type { NewDeadLetter } from '../../../../src/domain/dead-letters/dead-letter.ts';
import { writeJson } from '../../../../src/formats/exact-json.ts';
import { listDeadLetters, writeDeadLetters } from '../../../../src/store/dead-letters/dead-letters.ts';
import {
  discardDeadLetter,
  hideReplayed,
  restoreDeadLetter,
} from '../../../../src/store/dead-letters/dead-letter-visibility.ts';
import { createDirectoryStore } from '../../../../src/store/blobs/directory-store.ts';
import { useTemporaryFolder } from '../temporary-folder.ts';

const folder = useTemporaryFolder();
const open = () => createDirectoryStore(folder.path);

const runOf = (firstRunId: string, source = 'news'): RunRef => ({
  source,
  workflowId: `scrape-${source}-${firstRunId}`,
  firstRunId,
});
const run = runOf('run-1');

function letter(recordText: string, fields: Partial<NewDeadLetter> = {}): NewDeadLetter {
  return {
    reason: 'missing_id',
    message: 'no value at id "id"',
    at: '2026-11-23T10:00:00.000Z',
    page: 1,
    index: 0,
    recordText,
    ...fields,
  };
}

const write = (letters: NewDeadLetter[], reference = run, number = 0, part: '' | '-refused' = '') =>
  writeDeadLetters(open(), reference, number, part, letters);
const list = (filter = {}) => listDeadLetters(open(), filter);

describe('writeDeadLetters', () => {
  test('names its file by source, first run and batch number', async () => {
    await write([letter('1')], { ...run, firstRunId: '../x' }, 3);
    await write([letter('2')], run, 3, '-refused');
    expect(folder.files()).toEqual([
      'dead-letters/news/%2E%2E%2Fx/3.ndjson',
      'dead-letters/news/run-1/3-refused.ndjson',
    ]);
  });

  test('of a repeated fetch stores the same dead letters once, even if time and words differ', async () => {
    await write([letter('{"a":1}'), letter('{"b":1}')]);
    await write([
      letter('{"a":1}', { at: '2026-11-23T11:00:00.000Z', message: 'other words' }),
      letter('{"b":1}', { at: '2026-11-23T11:00:00.000Z' }),
    ]);
    expect(await list()).toMatchObject([{ count: 1, at: '2026-11-23T10:00:00.000Z' }, { count: 1 }]);
  });

  test('of a repeated fetch that refuses others keeps both', async () => {
    await write([letter('"first"')]);
    for (let n = 0; n < 2; n++) await write([letter('"second"')]);
    expect((await list()).map(({ record, count }) => `${String(record)} ${count}`).sort()).toEqual([
      'first 1',
      'second 1',
    ]);
  });

  test('writes no file without dead letters', async () => {
    await write([]);
    expect(folder.files()).toEqual([]);
  });
});

describe('listDeadLetters', () => {
  test('shows the same record of two runs as one entry that counts both', async () => {
    await write([letter('{"a":1}')]);
    await write([letter('{"a":1}', { at: '2026-11-23T11:00:00.000Z' })], runOf('run-2'));
    expect(await list()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        source: 'news',
        reason: 'missing_id',
        message: 'no value at id "id"',
        at: '2026-11-23T10:00:00.000Z',
        run: 'run-1',
        page: 1,
        index: 0,
        record: { a: 1 },
        count: 2,
        discardedAt: null,
      },
    ]);
  });

  test('says when and in which run a record was refused first, with any run ids', async () => {
    await write([letter('{"a":1}', { at: '2026-11-23T11:00:00.000Z' })], runOf('a-later-run'));
    await write([letter('{"a":1}', { at: '2026-11-23T10:00:00.000Z' })], runOf('b-first-run'));
    expect(await list()).toMatchObject([{ at: '2026-11-23T10:00:00.000Z', run: 'b-first-run', count: 2 }]);
  });

  test('tells records apart by source, reason and every digit', async () => {
    await write([letter('{"n":1}'), letter('{"n":1.0}'), letter('{"n":1}', { reason: 'invalid_time' })]);
    await write([letter('{"n":1}')], runOf('run-1', 'wire'));
    expect(new Set((await list()).map(({ id }) => id)).size).toBe(4);
  });

  test('keeps the digits of numbers', async () => {
    const text = '{"id":9007199254740993,"n":1e500,"m":10000000000000000000000.1234}';
    await write([letter(text)]);
    const [found] = await list();
    expect(writeJson(found?.record, true)).toBe(text);
  });

  test('keeps records that are not objects, and text that looks like a dead letter', async () => {
    const texts = ['null', '7', '[1]', '"text"', JSON.stringify('\n{"id":"0123"}\n'), '{"id":"0123","record":1}'];
    await write(texts.map((text, index) => letter(text, { index })));
    expect((await list()).map(({ record }) => JSON.stringify(record))).toEqual(texts);
  });

  test('lists in order of first appearance', async () => {
    await write([letter('"late"', { at: '2026-11-23T12:00:00.000Z' })], runOf('a'));
    await write([letter('"early"', { at: '2026-11-23T09:00:00.000Z' })], runOf('b'));
    expect((await list()).map(({ record }) => record)).toEqual(['early', 'late']);
  });

  test('filters by source, reason and run, by workflow id or run id', async () => {
    await write([letter('"a"'), letter('"b"', { reason: 'schema' })]);
    await write([letter('"c"')], runOf('run-2'));
    await write([letter('"d"')], runOf('run-1', 'wire'));
    await write([letter('"e"')], runOf('run-1', 'news-2'));
    const records = async (filter: object) => (await list(filter)).map(({ record }) => String(record)).sort();
    expect(await records({ source: 'news' })).toEqual(['a', 'b', 'c']);
    expect(await records({ reason: 'schema' })).toEqual(['b']);
    expect(await records({ run: 'run-2' })).toEqual(['c']);
    expect(await records({ run: 'scrape-news-run-1' })).toEqual(['a', 'b']);
    expect(await records({ source: 'news', run: 'run-1', reason: 'missing_id' })).toEqual(['a']);
    expect(await records({ source: 'unknown' })).toEqual([]);
  });
});

describe('a dead letter that is discarded', () => {
  test('is hidden, like an equal later one, and shown on request and once that is undone', async () => {
    const store = open();
    await writeDeadLetters(store, run, 0, '', [letter('{"a":1}'), letter('{"a":2}')]);
    const [first] = await listDeadLetters(store, {});
    await discardDeadLetter(store, first?.id ?? '', new Date('2026-11-24T00:00:00Z'));
    await writeDeadLetters(store, runOf('run-2'), 0, '', [letter('{"a":1}')]);
    expect((await listDeadLetters(store, {})).map(({ record }) => record)).toEqual([{ a: 2 }]);
    expect(
      (await listDeadLetters(store, { discarded: true })).map(({ count, discardedAt }) => [count, discardedAt]),
    ).toEqual([
      [2, '2026-11-24T00:00:00.000Z'],
      [1, null],
    ]);
    await restoreDeadLetter(store, first?.id ?? '');
    expect(await listDeadLetters(store, {})).toHaveLength(2);
  });
});

describe('a dead letter that was replayed', () => {
  test('is hidden; an equal later one, or one that the replay itself refused, is shown', async () => {
    const store = open();
    const replay = runOf('replay-1');
    await write([letter('{"a":1}'), letter('{"a":2}')]);
    await writeDeadLetters(store, runOf('other'), 0, '', [letter('{"a":1}')]);
    const ids = (await list()).map(({ id }) => id);
    await hideReplayed(store, replay, 0, { at: '2026-11-24T00:00:00.000Z', run: replay.firstRunId, ids });
    expect(await list()).toEqual([]);
    expect(await list({ source: 'news', discarded: true })).toEqual([]);
    // The clock of who refuses it may be behind that of who replays it.
    await writeDeadLetters(store, replay, 0, '-refused', [letter('{"a":2}', { at: '2026-11-23T23:59:59.000Z' })]);
    await write([letter('{"a":1}', { at: '2026-11-25T00:00:00.000Z' })], runOf('later'));
    expect((await list()).map(({ record, count }) => [record, count])).toEqual([
      [{ a: 2 }, 1],
      [{ a: 1 }, 1],
    ]);
  });
});
