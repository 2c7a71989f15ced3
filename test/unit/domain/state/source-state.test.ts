import { describe, expect, test } from 'vitest';
import {
  clearPollState,
  initialState,
  startingState,
  confirmId,
  summarizeState,
  type SourceState,
  type StateIdentity,
} from '../../../../src/domain/state/source-state.ts';

const identity: StateIdentity = { fetchFingerprint: 'fetch-1', shapeFingerprint: 'shape-1', databaseId: 'db-1' };
const watermark = '2026-11-01T00:00:00.000000Z';

/** A state in which everything is remembered. */
const stored: SourceState = {
  ...initialState(identity),
  watermark,
  unfinished: {
    page: 3,
    cursor: null,
    skip: 0,
    since: '2026-10-01T00:00:00.000000Z',
    watermark: '2026-11-02T00:00:00.000000Z',
    keysKept: 0,
    keyBlobs: [],
  },
  etag: '"v1"',
  lastModified: 'Sun, 01 Nov 2026 00:00:00 GMT',
  previousPoll: ['keys-1', 'keys-2'],
  file: { offset: 10, lines: 2, size: 10, headBytes: 10, headHash: 'h', complete: true, waitsForNewline: false },
  sinkDownSince: { postgres: '2026-11-01T01:00:00.000Z' },
  notBefore: '2026-11-01T02:00:00.000Z',
};

describe('startingState', () => {
  test('is fresh, without a warning, where nothing is stored', () => {
    expect(startingState(null, identity)).toEqual({ state: initialState(identity), changed: null });
    expect(initialState(identity)).toMatchObject({ ...identity, watermark: null, previousPoll: [], etag: null });
  });

  test('is what was stored where nothing has changed', () => {
    expect(startingState(stored, identity)).toEqual({ state: stored, changed: null });
  });

  test('is fresh, with a warning, where the source asks something else', () => {
    const asked = { ...identity, fetchFingerprint: 'fetch-2' };
    expect(startingState(stored, asked)).toEqual({ state: initialState(asked), changed: 'source' });
    const all = { fetchFingerprint: 'fetch-2', shapeFingerprint: 'shape-2', databaseId: 'db-2' };
    expect(startingState(stored, all)).toEqual({ state: initialState(all), changed: 'source' });
  });

  test.each([
    ['record shape', { ...identity, shapeFingerprint: 'shape-2' }],
    ['database', { ...identity, databaseId: 'db-2' }],
  ])('keeps the watermark and nothing that hides a record where the %s is another', (changed, other) => {
    const { state, ...rest } = startingState(stored, other);
    expect(rest).toEqual({ changed });
    expect(state).toMatchObject({ ...other, watermark, etag: null, lastModified: null, previousPoll: [], file: null });
    expect(state.unfinished).toBeNull();
  });

  test('keeps what the source and the sinks asked for where records are shaped otherwise', () => {
    const { state } = startingState(stored, { ...identity, shapeFingerprint: 'shape-2' });
    expect(state).toMatchObject({ sinkDownSince: stored.sinkDownSince, notBefore: stored.notBefore });
  });

  test('keeps all where the database cannot be asked, and still knows it later', () => {
    const away = startingState(stored, { ...identity, databaseId: null });
    expect(away).toEqual({ state: stored, changed: null });
    expect(startingState(away.state, { ...identity, databaseId: 'db-2' }).changed).toBe('database');
  });

  test('keeps all where the database becomes known', () => {
    const before = { ...stored, databaseId: null };
    expect(startingState(before, identity)).toEqual({ state: stored, changed: null });
  });

  test('warns once', () => {
    for (const other of [
      { ...identity, fetchFingerprint: 'fetch-2' },
      { ...identity, shapeFingerprint: 'shape-2' },
      { ...identity, databaseId: 'db-2' },
    ]) {
      const first = startingState(stored, other).state;
      expect(startingState(first, other)).toEqual({ state: first, changed: null });
    }
  });

  test('sees a change of shape while the database cannot be asked', () => {
    const { state, changed } = startingState(stored, { ...identity, shapeFingerprint: 'shape-2', databaseId: null });
    expect(changed).toBe('record shape');
    expect(state).toMatchObject({ databaseId: 'db-1', shapeFingerprint: 'shape-2', etag: null });
  });

  test.each([
    ['the id is the same', ['id'], ['id']],
    ['it is another one', ['code'], ['code']],
    ['nothing says which it was', undefined, null],
    ['no run has reported that it is unknown', null, null],
  ])('keeps the id that records were stored by until a run has reported another: %s', (_, id, kept) => {
    const before = { ...stored, ...(id === undefined ? {} : { id }) };
    for (const other of [
      { shapeFingerprint: 'shape-2' },
      { shapeFingerprint: 'shape-2', fetchFingerprint: 'fetch-2' },
    ]) {
      const { state } = startingState(before, { ...identity, ...other, id: ['id'] });
      expect(state.id).toEqual(kept);
      expect(confirmId(state, ['id']).id).toEqual(['id']);
    }
  });

  test('learns the id where nothing else has changed either', () => {
    const { state } = startingState(stored, { ...identity, id: ['id'] });
    expect(state.id).toEqual(['id']);
    expect(confirmId(state, ['id'])).toBe(state);
  });

  test('leaves the stored state as it was', () => {
    const copy = structuredClone(stored);
    startingState(stored, { ...identity, shapeFingerprint: 'shape-2' });
    expect(stored).toEqual(copy);
  });
});

describe('forgetPoll', () => {
  test('drops what could hide a record and nothing else', () => {
    expect(clearPollState(stored)).toEqual({
      ...stored,
      unfinished: null,
      etag: null,
      lastModified: null,
      previousPoll: [],
      file: null,
      failures: null,
    });
  });
});

describe('summarizeState', () => {
  test('shows where the next run continues', () => {
    expect(summarizeState(stored)).toEqual({
      watermark,
      page: 3,
      offset: 10,
      etag: '"v1"',
      lastModified: 'Sun, 01 Nov 2026 00:00:00 GMT',
      notBefore: '2026-11-01T02:00:00.000Z',
      sinkDownSince: { postgres: '2026-11-01T01:00:00.000Z' },
    });
    expect(summarizeState(initialState(identity))).toEqual({ watermark: null });
  });
});
