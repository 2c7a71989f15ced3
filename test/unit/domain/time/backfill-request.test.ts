import { expect, test } from 'vitest';
import { readBackfillRequest, repeats, type BackfillRequest } from '../../../../src/domain/time/backfill-request.ts';

function request(more: object = {}): BackfillRequest {
  const read = readBackfillRequest({ from: '2026-11-01', to: '2026-11-03', ...more });
  if (!read.ok) throw new Error(read.why);
  return read.request;
}

test('a request repeats another one for the same windows', () => {
  expect(repeats(request(), request({ step: '1d' }))).toBe(true);
  expect(repeats(request({ concurrency: 3 }), request())).toBe(true);
});

test.each([{ from: '2026-11-02' }, { to: '2026-11-04' }, { step: '6h' }, { only: 'missing' }, { concurrency: 3 }])(
  'a request with %j repeats none without',
  (more) => {
    expect(repeats(request(), request(more))).toBe(false);
  },
);
