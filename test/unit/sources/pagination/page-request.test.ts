import { describe, expect, test } from 'vitest';
import type { HttpJsonPlan } from '../../../../src/domain/plan/source-plan.ts';
import { setParameter } from '../../../../src/sources/http/raw-query.ts';
import { pageAddress } from '../../../../src/sources/pagination/page-request.ts';
import { httpPlan, byNumber } from '../plans.ts';

const place = { type: 'http', page: 2, cursor: null, skip: 0, since: null, recentPages: [] } as const;
const linked = (fields: Partial<HttpJsonPlan> = {}) =>
  httpPlan({
    url: 'https://api.test/items',
    paginator: { type: 'header_link', hasMorePath: null, stopAfterEmptyPage: true, maxPages: null },
    ...fields,
  });
const follow = (cursor: string, fields: Partial<HttpJsonPlan> = {}) =>
  pageAddress(linked(fields), { ...place, cursor }).address;

describe('the address of a page', () => {
  test('keeps queries as they are written, and sets only own parameters', () => {
    const url = "https://api.test/items?$filter=ts%20gt%202020&$select=a,b&page=7&n='x'~";
    const { address } = pageAddress(httpPlan({ url, params: { q: 'a b' }, paginator: byNumber }), place);
    expect(address).toBe("https://api.test/items?$filter=ts%20gt%202020&$select=a,b&page=2&n='x'~&q=a+b");
    const link = "https://api.test/p?sig=a%2Fb%20c&$skip='2'~";
    expect(follow(link)).toBe(link);
    expect(setParameter('https://a.test/?x=1&y=%20&x=2', 'x', '3')).toBe('https://a.test/?x=3&y=%20');
  });

  test('of a link stays encrypted on the same host', () => {
    expect(follow('http://api.test/items?page=2')).toBe('https://api.test/items?page=2');
  });

  test('at another origin is refused where the source has secrets, unless that is trusted', () => {
    const secret: Partial<HttpJsonPlan> = { auth: { type: 'bearer', token: 't' } };
    const other = 'https://pages.test/2';
    expect(follow(other)).toBe(other);
    for (const fields of [secret, { headers: { 'X-Api-Key': 'k' } }]) {
      expect(() => follow(other, fields)).toThrow('set trusted_origins: ["https://pages.test"]');
    }
    expect(follow(other, { ...secret, trustedOrigins: ['https://pages.test'] })).toBe(other);
  });

  test('that is invalid is named', () => {
    expect(() => follow('no address')).toThrow('found "no address", expected an address');
  });
});
