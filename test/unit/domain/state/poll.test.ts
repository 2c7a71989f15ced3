import { describe, expect, test } from 'vitest';
import type {
  FetchPosition,
  FilePosition,
  HttpPosition,
  PollEnd,
} from '../../../../src/domain/state/fetch-position.ts';
import {
  keepKeys,
  latest,
  maxKeysKept,
  patchAfter,
  positionAfterFailure,
  startPosition,
  withoutPosition,
} from '../../../../src/domain/state/poll.ts';
import { initialState, type SourceState } from '../../../../src/domain/state/source-state.ts';

const day = (number: number) => `2026-11-${String(number).padStart(2, '0')}T00:00:00.000000Z`;
const fresh = initialState({ fetchFingerprint: 'f', shapeFingerprint: 's', databaseId: null });
const state: SourceState = { ...fresh, watermark: day(5), previousPoll: ['old'] };
const page = (number: number): HttpPosition => ({
  type: 'http',
  page: number,
  cursor: null,
  skip: 0,
  since: day(4),
  recentPages: [],
});
const file: FilePosition = {
  type: 'file',
  path: 'a',
  files: null,
  offset: 0,
  lines: 0,
  size: 0,
  headBytes: 0,
  headHash: '',
  stoodStill: false,
};
const now = new Date('2026-11-10T00:00:00.000Z');
const startedAt = now.toISOString();
const position: FetchPosition = {
  ...startPosition(page(3), state, now),
  pages: 2,
  watermark: day(9),
  keyBlobs: ['new'],
};
/** Where `position` is, as an unfinished poll keeps it. */
const atThird = {
  page: 3,
  cursor: null,
  skip: 0,
  since: day(4),
  watermark: day(9),
  keysKept: 0,
  keyBlobs: ['new'],
};
const over: PollEnd = { cutShort: false, notModified: false, notBefore: null };
const later = '2026-11-11T00:00:00.000Z';

describe('startPosition', () => {
  test('begins a poll with nothing seen', () => {
    expect(startPosition(page(1), state, now)).toEqual({
      startedAt: now.toISOString(),
      pages: 0,
      days: [],
      watermark: null,
      keysKept: 0,
      keyBlobs: [],
      knownBlobs: ['old'],
      place: page(1),
    });
  });

  test('a poll that continues after a failure knows that its second page was the first again; one from the front does not', () => {
    const { unfinished = null } = patchAfter(state, { ...position, frontRepeated: true }, null, {});
    const broken = { ...state, unfinished };
    expect(startPosition(page(3), broken, now).frontRepeated).toBe(true);
    expect(startPosition(page(1), withoutPosition(broken), now).frontRepeated).toBeUndefined();
  });

  test('continues with what an unfinished poll has seen', () => {
    expect(startPosition(page(3), { ...state, unfinished: atThird }, now)).toMatchObject({
      watermark: day(9),
      keysKept: 0,
      keyBlobs: ['new'],
      knownBlobs: ['old', 'new'],
    });
  });

  test('begins when its first part did, and a state that does not say so when it had last seen something', () => {
    const unfinished = {
      page: 3,
      cursor: null,
      skip: 0,
      since: null,
      watermark: day(7),
      keysKept: 0,
      keyBlobs: [],
    };
    const begin = (fields: object) =>
      startPosition(page(3), { ...state, unfinished: { ...unfinished, ...fields } }, now);
    expect(begin({ startedAt: day(8) }).startedAt).toBe(day(8));
    expect(begin({}).startedAt).toBe(day(7));
    expect(begin({ watermark: null }).startedAt).toBe(now.toISOString());
    expect(begin({ cuts: { page: 3, times: 2 } }).cuts).toEqual({ page: 3, times: 2 });
  });

  test('keeps no keys of a file', () => {
    expect(startPosition(file, state, now).keysKept).toBeNull();
  });
});

describe('patchAfter', () => {
  test('keeps how many different pages a poll has read that breaks off', () => {
    const { unfinished } = patchAfter(state, { ...position, place: { ...page(3), distinct: 2 } }, null, {});
    expect(unfinished).toMatchObject({ page: 3, distinct: 2 });
  });

  test('in mid-poll keeps the watermark and notes the page to continue with', () => {
    expect(patchAfter(state, position, null, {})).toEqual({
      unfinished: {
        page: 3,
        cursor: null,
        skip: 0,
        since: day(4),
        watermark: day(9),
        keysKept: 0,
        keyBlobs: ['new'],
        startedAt,
      },
    });
  });

  test('at the end of a poll moves the watermark and takes over the keys', () => {
    const patch = patchAfter({ ...state, notBefore: later }, position, over, { etag: '"v2"' });
    expect(patch).toEqual({
      watermark: day(9),
      previousPoll: ['new'],
      unfinished: null,
      notBefore: null,
      etag: '"v2"',
    });
  });

  test('never moves the watermark back', () => {
    expect(patchAfter(state, { ...position, watermark: day(1) }, over, {}).watermark).toBe(day(5));
    expect(patchAfter(state, { ...position, watermark: null }, over, {}).watermark).toBe(day(5));
    expect(patchAfter(fresh, { ...position, watermark: null }, over, {}).watermark).toBeNull();
    expect(patchAfter(fresh, position, over, {}).watermark).toBe(day(9));
  });

  test('cut by max_pages keeps the watermark', () => {
    const patch = patchAfter(state, position, { ...over, cutShort: true }, {});
    expect({ ...state, ...patch }).toMatchObject({ watermark: day(5), previousPoll: ['new'] });
  });

  test('cut on purpose keeps the place as well, and that of the poll it continues while it looks at the front', () => {
    const cuts = { page: 3, times: 1 };
    const patch = patchAfter(state, { ...position, cuts }, { ...over, cutShort: true, resumes: true }, {});
    const kept = { page: 3, cursor: null, skip: 0, since: day(4), watermark: day(9), keysKept: 0, keyBlobs: ['new'] };
    expect(patch).toEqual({
      notBefore: null,
      unfinished: { ...kept, startedAt, cuts, front: true, seen: [], distinct: 0 },
    });
    const atFront = { ...position, place: { ...page(1), thenAt: { page: 7, cursor: 'c', skip: 2 } } };
    const there = { ...kept, page: 7, cursor: 'c', skip: 2, startedAt, front: true };
    expect(patchAfter(state, atFront, null, {})).toEqual({ unfinished: there });
  });

  test('after a 304 changes nothing that the next poll is compared with', () => {
    const before = { ...state, etag: '"v1"', lastModified: 'then', notBefore: later };
    const patch = patchAfter(before, { ...position, pages: 0, keyBlobs: [] }, { ...over, notModified: true }, {});
    expect({ ...before, ...patch }).toEqual({ ...before, notBefore: null });
  });

  test('of a source that asks to be left alone notes until when, and keeps the watermark', () => {
    const asked = { ...over, notBefore: later };
    expect(patchAfter(state, { ...position, pages: 0 }, asked, {})).toEqual({ notBefore: later });
    expect(patchAfter(state, position, asked, {})).toEqual({
      notBefore: later,
      unfinished: { ...atThird, startedAt },
    });
  });

  test('of a source that asks at once to be left alone keeps the place of an unfinished poll', () => {
    const unfinished = {
      page: 7,
      cursor: null,
      skip: 0,
      since: day(4),
      watermark: day(8),
      keysKept: 5,
      keyBlobs: ['part'],
      startedAt: day(6),
    };
    const begun = startPosition(page(7), { ...state, unfinished }, now);
    const patch = patchAfter({ ...state, unfinished }, begun, { ...over, notBefore: later }, {});
    expect({ ...state, unfinished, ...patch }.unfinished).toEqual(unfinished);
  });

  test('of a file notes its progress and no page', () => {
    const progress = {
      offset: 9,
      lines: 1,
      size: 9,
      headBytes: 9,
      headHash: 'h',
      complete: false,
      waitsForNewline: false,
    };
    const patch = patchAfter(state, { ...position, place: file }, null, { file: progress });
    expect(patch).toEqual({ file: progress, unfinished: null });
  });
});

describe('placeAfterFailure', () => {
  const place = { page: 3, cursor: 'c', skip: 0, since: null, watermark: null, keysKept: 0, keyBlobs: [] };

  test('leaves a place for a run, and tries it again after one that got no further at the front', () => {
    const left = positionAfterFailure(place, place, 'SourceUnavailable');
    expect(left).toEqual({ ...place, failed: true });
    expect(positionAfterFailure(left, left, 'SourceUnavailable')).toEqual(place);
  });

  test('lets the next run read the front first where a page that the run came to was refused', () => {
    const further = { ...place, page: 4 };
    expect(positionAfterFailure(place, further, 'SourceRefused')).toEqual({ ...further, front: true });
    expect(positionAfterFailure(null, place, 'SourceRefused')).toEqual({ ...place, front: true });
  });

  test('changes nothing where the run got further, began at the front, or failed for another reason', () => {
    const further = { ...place, page: 4 };
    expect(positionAfterFailure(place, further, 'SourceUnavailable')).toBe(further);
    expect(positionAfterFailure(null, place, 'SourceUnavailable')).toBe(place);
    expect(positionAfterFailure(place, place, 'SinkUnavailable')).toBe(place);
    expect(positionAfterFailure(place, null, 'SourceRefused')).toBeNull();
  });
});

describe('withoutPlace', () => {
  test('keeps what the poll had read by then', () => {
    const unfinished = {
      page: 3,
      cursor: null,
      skip: 0,
      since: null,
      watermark: null,
      keysKept: 1,
      keyBlobs: ['part'],
    };
    expect(withoutPosition({ ...state, unfinished })).toEqual({ ...state, previousPoll: ['old', 'part'] });
    expect(withoutPosition(state)).toBe(state);
  });
});

describe('keepKeys', () => {
  const start = startPosition(page(1), state, now);

  test('gathers the blobs of all pages', () => {
    const two = keepKeys(keepKeys(start, 10, 'a'), 20, 'b');
    expect(two).toMatchObject({ keysKept: 30, keyBlobs: ['a', 'b'] });
    expect(keepKeys(two, 0, null)).toEqual(two);
  });

  test('keeps 100,000 keys, and none from one more on', () => {
    const full = keepKeys(start, 100_000, 'a');
    expect(maxKeysKept).toBe(100_000);
    expect(full).toMatchObject({ keysKept: 100_000, keyBlobs: ['a'] });
    const tooMany = keepKeys(full, 1, 'b');
    expect(tooMany).toMatchObject({ keysKept: null, keyBlobs: [] });
    expect(keepKeys(tooMany, 1, 'c')).toEqual(tooMany);
    expect(patchAfter(state, tooMany, over, {}).previousPoll).toEqual([]);
  });
});

describe('latest', () => {
  test('is the later time, and any time is later than none', () => {
    expect(latest(day(1), day(2))).toEqual(day(2));
    expect(latest(day(2), day(1))).toEqual(day(2));
    expect(latest(null, day(1))).toEqual(day(1));
    expect(latest(day(1), null)).toEqual(day(1));
    expect(latest(null, null)).toBeNull();
  });
});
