import { describe, expect, test } from 'vitest';
import type { ShapingPlan } from '../../../../src/domain/plan/shaping-plan.ts';
import { DaySet } from '../../../../src/domain/time/day-set.ts';
import { createExtractor } from '../../../../src/sources/extraction/extract-record.ts';
import {
  createDeadLetterReplay,
  type ReplayableDeadLetter,
} from '../../../../src/sources/extraction/replay-dead-letter.ts';
import { createShaper } from '../../../../src/sources/extraction/shaping/shape-record.ts';
import { httpPlan } from '../plans.ts';

const at = '2026-11-01T00:00:00Z';

function replay(shaping: ShapingPlan, record: unknown, fields: Partial<ReplayableDeadLetter> = {}, id = ['id']) {
  const plan = httpPlan({ shaping, id });
  const outcome = createDeadLetterReplay(plan, createExtractor(plan, new DaySet()), createShaper(plan));
  const letter = { reason: 'missing_id', record, at: '2026-11-20T12:00:00.000Z', page: 1, ...fields } as const;
  return outcome(letter, new Date('2026-11-24T12:00:00Z'));
}

const payloads = (outcome: ReturnType<typeof replay>) =>
  outcome.kind === 'passed' ? outcome.records.map(({ payload }) => payload) : outcome;

describe('a dead letter of a shaped source', () => {
  const map = { id: 'key', at: 'at' };

  test('is shaped by the rules of now', () => {
    expect(payloads(replay({ map }, { key: 1, at }))).toEqual([`{"id":1,"at":"${at}"}`]);
    expect(payloads(replay({ map }, { key: 1, at }, { reason: 'wrong_shape', shaped: false }))).toHaveLength(1);
  });

  test('passes without a record where filter leaves it out', () => {
    expect(payloads(replay({ filter: 'open' }, { id: 1, at, open: false }))).toEqual([]);
  });

  test('is exploded, unless it was before', () => {
    const explode = { path: 'lines', keep: ['at'] };
    const order = { at, lines: [{ id: 1 }, { id: 2 }] };
    expect(payloads(replay({ explode }, order))).toHaveLength(2);
    expect(payloads(replay({ explode }, { at, id: 3 }, { exploded: true }))).toEqual([`{"at":"${at}","id":3}`]);
  });

  test('begins after shaping where it was shaped, and where PostgreSQL refused it', () => {
    const record = { id: 1, at };
    expect(payloads(replay({ map }, record, { shaped: true }))).toEqual([JSON.stringify(record)]);
    expect(payloads(replay({ map }, record, { page: 0, reason: 'unstorable' }))).toEqual([JSON.stringify(record)]);
  });
});

describe('a dead letter of a masked source', () => {
  const mask = { fields: { email: 'redact', phone: 'hash' }, key: 'key' } as const;

  test('is replayed with its masks, which are no masked secrets', () => {
    const record = { id: 1, at, email: '[redacted]', phone: `hmac:${'0'.repeat(32)}` };
    expect(payloads(replay({ mask }, record, { shaped: true }))).toEqual([JSON.stringify(record)]);
    expect(replay({ mask }, { ...record, note: '[redacted]' }, { shaped: true })).toMatchObject({
      kind: 'unreplayable',
    });
  });

  test('from before the mask is masked, also in its next dead letter', () => {
    expect(payloads(replay({ mask }, { id: 1, at, email: 'a@b.c' }))).toEqual([
      `{"id":1,"at":"${at}","email":"[redacted]"}`,
    ]);
    const refused = replay({ mask }, { at, email: 'a@b.c' }, { reason: 'schema' });
    expect(refused).toMatchObject({
      kind: 'refused',
      kept: { recordText: `{"at":"${at}","email":"[redacted]"}`, shaped: true },
    });
  });

  test('of which only a hash was kept cannot be replayed', () => {
    expect(replay({ mask }, null, { sha256: '00' })).toMatchObject({ kind: 'unreplayable' });
  });

  test('that cannot be shaped keeps nothing', () => {
    const outcome = replay({ map: { id: 'sum(id)', at: 'at' }, mask }, { id: ['a@b.c'], at }, { reason: 'schema' });
    expect(outcome).toMatchObject({ kind: 'refused', kept: { recordText: 'null' } });
    expect(JSON.stringify(outcome)).not.toContain('a@b.c');
  });
});
