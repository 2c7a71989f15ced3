import { describe, expect, test } from 'vitest';
import { DaySet } from '../../../../src/domain/time/day-set.ts';
import { createExtractor } from '../../../../src/sources/extraction/extract-record.ts';
import { absentKeys } from '../../../../src/sources/pagination/absent-keys.ts';
import { statusError } from '../../../../src/sources/http/status.ts';
import { httpPlan } from '../plans.ts';

const now = new Date('2026-11-23T12:00:00.000Z');

function refusals(value: object, count = 1): string[] {
  const extract = createExtractor(httpPlan(), new DaySet());
  return Array.from({ length: count }, () => {
    const extraction = extract({ value, exact: false, mayBeDeep: false }, now);
    return extraction.ok ? 'stored' : extraction.rejection.message;
  });
}

describe('a record without a value where one is to be', () => {
  test('has its other ids named', () => {
    expect(refusals({ uuid: 'a', slug: 'b', text: 'c', at: '2026-11-01' })).toEqual([
      expect.stringMatching(/^no value at id ".*"; the record has uuid, slug$/),
    ]);
  });

  test('has its times named, with their format', () => {
    expect(refusals({ id: 1, created_at: '2026-11-01', stand: '05.11.2026', text: 'c' })).toEqual([
      expect.stringMatching(
        /^no value at occurred_at ".*"; the record has (?=.*created_at)(?=.*stand \(format: dd\.MM\.yyyy\))/,
      ),
    ]);
  });

  test('is spared that from the fourth on, and where there is none', () => {
    expect(refusals({ uuid: 'a' }, 4).filter((message) => message.includes('the record has'))).toHaveLength(3);
    expect(refusals({ text: 'a' })).toEqual([expect.stringMatching(/^no value at id "[^"]*"$/)]);
  });
});

test('a refused page is named with its address, without parameters', () => {
  const asked = { url: new URL('https://api.test/quakes?key=abc'), page: 'page 3' };
  const message = (status: number) =>
    statusError(status, 'quakes', { isRateLimit: false, waitMs: null }, null, asked)?.message;
  expect(message(404)).toBe(
    'fetch: quakes answered 404, expected 200 or 304; check url; requested https://api.test/quakes (page 3)',
  );
  expect(message(401)).toContain(
    'check the credentials in auth or headers; requested https://api.test/quakes (page 3)',
  );
});

describe('total_path', () => {
  const { paginator } = httpPlan({
    paginator: {
      type: 'page_number',
      pageParam: 'page',
      basePage: 1,
      totalPath: 'meta.pages',
      hasMorePath: null,
      stopAfterEmptyPage: true,
      endOn: [],
      maxPages: null,
    } as never,
  });
  const said = (meta: unknown) =>
    absentKeys(paginator, { page: 1, cursor: null }, { records: 2, value: { meta } } as never).map(
      ({ message }) => message,
    );

  test.each([
    [{ pages: null }, 'leads to nothing'],
    [{ pages: {} }, 'leads to an object'],
    [{ pages: [] }, 'leads to a list'],
    [{ pages: 'many' }, 'leads to a value that is not a number'],
    [{}, 'is not on the first page'],
  ])('of %j is reported as useless', (meta, expected) => {
    expect(said(meta)).toEqual([expect.stringContaining(expected)]);
  });

  test.each([[{ pages: 3 }], [{ pages: '3' }], [{ pages: 0 }]])('of %j is fine', (meta) => {
    expect(said(meta)).toEqual([]);
  });
});
