import { describe, expect, test } from 'vitest';
import { DaySet } from '../../../../src/domain/time/day-set.ts';
import { parseJson } from '../../../../src/formats/exact-json.ts';
import type { SourcePlan } from '../../../../src/domain/plan/source-plan.ts';
import { formatMicros } from '../../../../src/domain/time/timestamp.ts';
import { createExtractor } from '../../../../src/sources/extraction/extract-record.ts';
import {
  createDeadLetterReplay,
  type ReplayableDeadLetter,
} from '../../../../src/sources/extraction/replay-dead-letter.ts';
import { httpPlan } from '../plans.ts';

const now = new Date('2026-11-24T12:00:00Z');
const letter = (record: unknown, fields: Partial<ReplayableDeadLetter> = {}): ReplayableDeadLetter => ({
  reason: 'missing_id',
  record,
  at: '2026-11-20T12:00:00.000Z',
  ...fields,
});
const replay = (from: ReplayableDeadLetter, plan: SourcePlan = httpPlan()) =>
  createDeadLetterReplay(plan, createExtractor(plan, new DaySet()))(from, now);
const at = '2026-11-01T00:00:00Z';

describe('a dead letter that is extracted again', () => {
  test('passes once its configuration is fixed, with every digit', () => {
    const record = parseJson('{"key":9007199254740993,"at":"2026-11-01T00:00:00Z"}').value;
    expect(replay(letter(record))).toMatchObject({ kind: 'refused', rejection: { reason: 'missing_id' } });
    expect(replay(letter(record), httpPlan({ id: ['key'] }))).toMatchObject({
      kind: 'passed',
      records: [{ sourceId: '9007199254740993' }],
    });
  });

  test('without its own time gets the time of its fetch', () => {
    const plan = httpPlan({ occurredAt: { path: null, format: 'iso8601', timezone: 'UTC', onMissing: 'fetched_at' } });
    const times = [letter({ id: 1 }), letter({ id: 1 }, { fetchedAt: '2026-11-19T00:00:00.000000Z' })].map((from) => {
      const outcome = replay(from, plan);
      return outcome.kind === 'passed' && outcome.records.map((record) => formatMicros(record.occurredAt)).join();
    });
    expect(times).toEqual(['2026-11-20T12:00:00.000000Z', '2026-11-19T00:00:00.000000Z']);
  });

  test('whose id another record had stays a dead letter, and says what to do', () => {
    const shared = letter({ id: 1, at }, { reason: 'duplicate_id' });
    expect(replay(shared)).toMatchObject({ kind: 'refused', rejection: { reason: 'duplicate_id' } });
  });

  test('is in range if it was so when it was fetched, or is now', () => {
    const { limits } = httpPlan();
    const strict = httpPlan({ limits: { ...limits, maxAgeMs: 86_400_000, maxAheadMs: 0 } });
    const kind = (time: string) => replay(letter({ id: 1, at: time }, { reason: 'out_of_range' }), strict).kind;
    expect(kind('2026-11-20T00:00:00Z')).toBe('passed');
    expect(kind('2026-11-24T00:00:00Z')).toBe('passed');
    expect(kind('2026-11-18T00:00:00Z')).toBe('refused');
    expect(kind('2026-11-25T00:00:00Z')).toBe('refused');
  });

  test.each([
    ['a line that is no JSON', letter('{"id":', { reason: 'invalid_json' })],
    ['what its page did not hold whole', letter({ id: 1, at }, { reason: 'wrong_shape' })],
    ['a text in place of its record', letter('{"id":1}', { reason: 'too_large' })],
    ['a secret that was masked', letter({ id: 1, at, link: 'https://x/?token=[redacted]' }, { reason: 'schema' })],
    ['a secret that was masked in a key', letter({ id: 1, at, '[redacted]': 1 }, { reason: 'schema' })],
  ])('is left alone where it is %s', (_, from) => {
    expect(replay(from)).toMatchObject({ kind: 'unreplayable' });
  });
});
