import { describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable } from '../../../src/domain/errors.ts';
import { statusError } from '../../../src/sources/http/status.ts';

describe('statusError', () => {
  test.each([200, 201, 203, 204, 304])('can use %i', (status) => {
    expect(statusError(status, 'news', null)).toBeNull();
  });

  test.each([408, 409, 423, 425, 429, 500, 501, 502, 503, 504, 507, 520, 599])('retries %i', (status) => {
    expect(statusError(status, 'news', null)).toBeInstanceOf(SourceUnavailable);
  });

  test.each([300, 302, 305, 400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 412, 414, 415, 422, 451])(
    'never retries %i',
    (status) => {
      expect(statusError(status, 'news', 5_000)).toBeInstanceOf(SourceRefused);
    },
  );

  test('waits as long as it is asked to', () => {
    expect(statusError(503, 'news', 5_000)?.retryAfterMs).toBe(5_000);
    expect(statusError(429, 'news', 0)?.retryAfterMs).toBe(0);
    expect(statusError(503, 'news', null)?.retryAfterMs).toBeUndefined();
  });

  test('says who answered what, what was expected and what to do', () => {
    expect(statusError(401, 'news', null)?.message).toBe(
      'fetch: news answered 401, expected 200 or 304; check the credentials in auth or headers',
    );
    expect(statusError(410, 'news', null)?.message).toContain('check url');
  });
});
