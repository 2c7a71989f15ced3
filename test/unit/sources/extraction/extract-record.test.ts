import { describe, expect, test } from 'vitest';
import { badByte } from '../../../../src/domain/text/bad-bytes.ts';
import { DaySet } from '../../../../src/domain/time/day-set.ts';
import { parseJson } from '../../../../src/formats/exact-json.ts';
import { createExtractor, rawText, type RawRecord } from '../../../../src/sources/extraction/extract-record.ts';
import { httpPlan } from '../plans.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const at = '2026-11-01T00:00:00Z';
const { limits } = httpPlan();

/** A record as it comes from a page. */
function raw(text: string): RawRecord {
  const { value, exact } = parseJson(text);
  return { value, exact, mayBeDeep: true };
}

/** A record alone on a line of a file. */
const rawLine = (text: string): RawRecord => ({ ...raw(text), text });

const extract = (record: RawRecord, fields: Parameters<typeof httpPlan>[0] = {}) =>
  createExtractor(httpPlan(fields), new DaySet())(record, now);

function reason(record: RawRecord | string, fields: Parameters<typeof httpPlan>[0] = {}): string {
  const extraction = extract(typeof record === 'string' ? raw(record) : record, fields);
  return extraction.ok ? 'ok' : extraction.rejection.reason;
}

function payload(record: RawRecord): string {
  const extraction = extract(record);
  return extraction.ok ? extraction.record.payload : `rejected: ${extraction.rejection.reason}`;
}

describe('createExtractor', () => {
  test('repairs a record with undecodable bytes, even if its text is stored as received', () => {
    for (const record of [
      raw(`{"id":1,"at":"${at}","x":"${badByte}"}`),
      rawLine(`{"id":1,"at":"${at}","x":"${badByte}"}`),
    ]) {
      expect(extract(record)).toMatchObject({
        record: { payload: `{"id":1,"at":"${at}","x":"\ufffd"}`, repaired: true },
      });
    }
    const genuine = rawLine(`{"id":1,"at":"${at}","x":"\ufffd"}`);
    expect(extract(genuine)).toMatchObject({ record: { payload: genuine.text, repaired: false } });
  });

  test('refuses an id with undecodable bytes', () => {
    const broken = raw(`{"id":"M${badByte}ller","b":"${badByte}","at":"${at}"}`);
    expect(reason(broken)).toBe('invalid_id');
    expect(reason(broken, { id: ['at', 'id'] })).toBe('invalid_id');
    expect(reason(broken, { id: ['at'] })).toBe('ok');
    expect(reason(`{"id":"M\ufffdller","at":"${at}"}`)).toBe('ok');
    expect(reason(`{"id":"\\ud83d","at":"${at}"}`)).toBe('ok');
  });

  test('turns an object into a record whose payload is the whole object', () => {
    expect(extract(raw(`{"id":7,"at":"${at}","x":[1,{"y":null}]}`))).toEqual({
      ok: true,
      record: {
        sourceId: '7',
        occurredAt: 1_793_491_200_000_000n,
        payload: `{"id":7,"at":"${at}","x":[1,{"y":null}]}`,
        repaired: false,
        timeFromRecord: true,
      },
    });
  });

  test.each(['null', '[]', '"text"', '7', '1e500', 'true'])('takes %s for the wrong shape', (text) => {
    expect(reason(text)).toBe('wrong_shape');
  });

  test.each([
    ['missing_id', `{"at":"${at}"}`],
    ['missing_id', `{"id":null,"at":"${at}"}`],
    ['missing_id', `{"id":"","at":"${at}"}`],
    ['invalid_id', `{"id":true,"at":"${at}"}`],
    ['invalid_id', `{"id":{},"at":"${at}"}`],
    ['invalid_id', `{"id":[1],"at":"${at}"}`],
    ['invalid_id', `{"id":"${'é'.repeat(513)}","at":"${at}"}`],
    ['ok', `{"id":"${'é'.repeat(512)}","at":"${at}"}`],
    ['missing_time', '{"id":1}'],
    ['invalid_time', '{"id":1,"at":"2026-02-30T00:00:00Z"}'],
    ['out_of_range', '{"id":1,"at":"2026-11-25T12:00:00.000001Z"}'],
    ['ok', '{"id":1,"at":"2026-11-25T12:00:00Z"}'],
    ['ok', '{"id":1,"at":"0001-01-01T00:00:00Z"}'],
  ])('%s: %s', (expected, text) => {
    expect(reason(text)).toBe(expected);
  });

  test('reports the first thing wrong: shape, depth, numbers, size, id, time, range', () => {
    const small = { limits: { ...limits, maxRecordBytes: 10 } };
    const deep = `${'['.repeat(501)}${']'.repeat(501)}`;
    expect(reason('[]', small)).toBe('wrong_shape');
    expect(reason(`{"d":${deep},"n":1e500}`, small)).toBe('unstorable');
    expect(reason('{"n":1e401}', small)).toBe('unstorable');
    expect(reason('{"a":"0123456789"}', small)).toBe('too_large');
    expect(reason('{"at":"never"}')).toBe('missing_id');
    expect(reason('{"id":1,"at":"never"}')).toBe('invalid_time');
  });

  test('counts the bytes of a record, not its characters', () => {
    const text = `{"id":1,"at":"${at}","t":"ééé"}`;
    const bytes = Buffer.byteLength(text);
    expect(reason(text, { limits: { ...limits, maxRecordBytes: bytes } })).toBe('ok');
    expect(reason(text, { limits: { ...limits, maxRecordBytes: bytes - 1 } })).toBe('too_large');
  });

  test('takes 500 levels and exponents up to 400, no more', () => {
    // The record itself is the first level.
    const nested = (levels: number) => `{"id":1,"at":"${at}","d":${'['.repeat(levels)}${']'.repeat(levels)}}`;
    expect(reason(nested(499))).toBe('ok');
    expect(reason(nested(500))).toBe('unstorable');
    const numbers = (number: string) => `{"id":1,"at":"${at}","n":[{"x":${number}}]}`;
    for (const number of ['1e400', '-1.5E+400', '1e-400']) expect(reason(numbers(number))).toBe('ok');
    for (const number of ['1e401', '-1e+401', '1e-401', '0e99999999']) {
      expect(reason(numbers(number))).toBe('unstorable');
    }
  });

  test('refuses what is older than max_age, to the microsecond', () => {
    const aged = { limits: { ...limits, maxAgeMs: 86_400_000 } };
    expect(reason('{"id":1,"at":"2026-11-22T12:00:00Z"}', aged)).toBe('ok');
    expect(reason('{"id":1,"at":"2026-11-22T11:59:59.999999Z"}', aged)).toBe('out_of_range');
  });

  test('refuses records of further days once a run has met max_new_days, and takes those of known ones', () => {
    const days = new DaySet();
    const run = createExtractor(httpPlan({ limits: { ...limits, maxNewDays: 2 } }), days);
    const on = (day: string) => run(raw(`{"id":1,"at":"${day}T23:59:59.999999Z"}`), now);
    expect(on('2026-11-01').ok).toBe(true);
    // A rejected record takes no day up.
    expect(run(raw('{"id":true,"at":"2026-11-02T00:00:00Z"}'), now).ok).toBe(false);
    expect(on('2026-11-03').ok).toBe(true);
    expect(on('2026-11-04')).toMatchObject({ ok: false, rejection: { reason: 'out_of_range' } });
    expect(on('2026-11-01').ok).toBe(true);
  });

  test('names the key to raise', () => {
    const messageOf = (text: string, fields: object) => {
      const extraction = extract(raw(text), { limits: { ...limits, ...fields } });
      return extraction.ok ? '' : extraction.rejection.message;
    };
    expect(messageOf('{"id":1,"at":"2099-01-01"}', {})).toContain('partitions.max_ahead');
    expect(messageOf('{"id":1,"at":"2000-01-01"}', { maxAgeMs: 1 })).toContain('partitions.max_age');
    expect(messageOf(`{"id":1,"at":"${at}"}`, { maxNewDays: 0 })).toContain('partitions.max_new_days');
    expect(messageOf(`{"id":1,"at":"${at}"}`, { maxRecordBytes: 5 })).toContain('max_record');
  });

  test('joins several ids so that no two lists are the same id', () => {
    const ids = ['{"a":"1","b":"23"}', '{"a":"12","b":"3"}', '{"a":1,"b":"23x"}'].map((fields) => {
      const extraction = extract(raw(`{${fields.slice(1, -1)},"at":"${at}"}`), { id: ['a', 'b'] });
      return extraction.ok ? extraction.record.sourceId : '';
    });
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(reason(`{"a":"1","at":"${at}"}`, { id: ['a', 'b'] })).toBe('missing_id');
  });

  test('keeps the text of a record on its own line, and every digit of others', () => {
    const text = `{ "id":9007199254740993, "at":"${at}", "n":1.10, "b":1e2 }`;
    expect(payload(rawLine(text))).toBe(text);
    expect(payload(raw(text))).toBe(`{"id":9007199254740993,"at":"${at}","n":1.1,"b":100}`);
  });

  test('replaces U+0000 and lone surrogates, in keys and ids too, and says so', () => {
    const text = `{"id":"a\\u0000","at":"${at}","\\ud800":"x\\udc00","pair":"\\ud83d\\ude00"}`;
    const repaired = `{"id":"a\ufffd","at":"${at}","\ufffd":"x\ufffd","pair":"😀"}`;
    for (const record of [raw(text), rawLine(text)]) {
      expect(extract(record)).toMatchObject({
        ok: true,
        record: { sourceId: 'a\ufffd', payload: repaired, repaired: true },
      });
    }
    expect(extract(rawLine(`{"id":"\\\\u0000","at":"${at}"}`))).toMatchObject({ record: { repaired: false } });
  });

  test('finds what PostgreSQL cannot store even after a repeated key', () => {
    for (const hidden of ['\\u0000', '\\ud800']) {
      expect(payload(rawLine(`{"id":"a","at":"${at}","t":"${hidden}","t":1}`))).not.toContain(hidden);
    }
  });
});

describe('rawText', () => {
  test('is the JSON text of a record of any kind, every digit kept', () => {
    for (const text of ['{"n":1e500}', '[1,2]', 'null', '"x"', '9007199254740993'])
      expect(rawText(raw(text))).toBe(text);
    expect(rawText({ value: undefined, exact: false, mayBeDeep: false })).toBe('null');
  });

  test('is a string where the record nests too deep to be read back', () => {
    const text = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    const { value, exact } = parseJson(text);
    expect(JSON.parse(rawText({ value, exact, mayBeDeep: true }))).toBe(text);
  });
});

test('a time in another unit than the given one is no time in January 1970', () => {
  const { occurredAt } = httpPlan();
  const inMs = { occurredAt: { ...occurredAt, format: 'epoch_ms' } };
  expect(reason('{"id":1,"at":1793000000}', inMs)).toBe('invalid_time');
  expect(reason('{"id":1,"at":"1793000000"}', inMs)).toBe('invalid_time');
  expect(reason('{"id":1,"at":1793000000000}', inMs)).toBe('ok');
  // Plausible only where the configuration allows times so far ahead.
  const ahead = (maxAheadMs: number) => ({ ...inMs, limits: { ...limits, maxAheadMs } });
  expect(reason('{"id":1,"at":1803000000}', ahead(1))).toBe('ok');
  expect(reason('{"id":1,"at":1803000000}', ahead(365 * 86_400_000))).toBe('invalid_time');
});

test('a name with a hyphen is a name although its parts are numbers, and a record without it has no id', () => {
  const { occurredAt } = httpPlan();
  const fields = { id: ['order-id'], occurredAt: { ...occurredAt, path: 'data.made-at' } };
  const data = `"order":10,"id":3,"data":{"made":7,"at":1,"made-at":"${at}"}`;
  expect(extract(raw(`{${data},"order-id":"A1"}`), fields)).toMatchObject({
    ok: true,
    record: { sourceId: 'A1', occurredAt: 1_793_491_200_000_000n },
  });
  expect(reason(`{${data}}`, fields)).toBe('missing_id');
});
