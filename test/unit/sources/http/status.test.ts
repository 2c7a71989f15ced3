import { describe, expect, test } from 'vitest';
import { SourceRefused, SourceUnavailable } from '../../../../src/domain/errors.ts';
import { statusError } from '../../../../src/sources/http/status.ts';

const unsaid = { isRateLimit: false, waitMs: null };

describe('statusError', () => {
  test.each([200, 201, 203, 204, 304])('can use %i', (status) => {
    expect(statusError(status, 'news', unsaid)).toBeNull();
  });

  test.each([408, 409, 420, 423, 425, 429, 430, 498, 499, 500, 501, 502, 503, 504, 507, 520, 527, 530, 598, 599, 999])(
    'retries %i',
    (status) => {
      expect(statusError(status, 'news', unsaid)).toBeInstanceOf(SourceUnavailable);
    },
  );

  test.each([300, 302, 305, 400, 401, 402, 403, 404, 405, 406, 407, 410, 411, 412, 414, 415, 422, 451])(
    'never retries %i',
    (status) => {
      expect(statusError(status, 'news', { isRateLimit: false, waitMs: 5_000 })).toBeInstanceOf(SourceRefused);
    },
  );

  test('waits as long as requested', () => {
    expect(statusError(503, 'news', { isRateLimit: true, waitMs: 5_000 })?.retryAfterMs).toBe(5_000);
    expect(statusError(403, 'news', { isRateLimit: true, waitMs: 5_000 })?.retryAfterMs).toBe(5_000);
    expect(statusError(503, 'news', unsaid)?.retryAfterMs).toBeUndefined();
  });

  test('says who answered what, what was expected and what to do', () => {
    expect(statusError(401, 'news', unsaid)?.message).toBe(
      'fetch: news answered 401, expected 200 or 304; check the credentials in auth or headers',
    );
    const left = { from: 'https://api.test', to: 'https://files.test' };
    expect(statusError(401, 'news', unsaid, left)?.message).toBe(
      'fetch: news answered 401, expected 200 or 304; it redirects from https://api.test to https://files.test, and auth and headers are not sent to another origin; if they are meant for it, set url to its address',
    );
    expect(statusError(404, 'news', unsaid, left)?.message).not.toContain('redirects');
    expect(statusError(410, 'news', unsaid)?.message).toContain('check url');
  });
});
