import { describe, expect, test } from 'vitest';
import { parseJson } from '../../../../src/formats/exact-json.ts';
import { holds, jobIn, reasonIn, shownJob, stateIn } from '../../../../src/sources/exports/job-answer.ts';

const response = (headers: Record<string, string> = {}) => ({
  status: 202,
  headers,
  body: Buffer.alloc(0),
  url: 'https://api.test/v1/exports',
});
const jobOf = (path: string, text: string) => jobIn('submit', { path }, parseJson(text).value, response());

describe('the id of a job', () => {
  test.each([
    ['a text', 'id', '{"id":"750R0000000zlh9IAA"}', '750R0000000zlh9IAA'],
    ['a number', 'data.id', '{"data":{"id":42}}', '42'],
    ['a number of many digits', 'id', '{"id":12345678901234567890}', '12345678901234567890'],
  ])('is %s', (_, path, text, job) => {
    expect(jobOf(path, text)).toBe(job);
  });

  test('is in a header, where an address becomes absolute', () => {
    const inHeader = (value: string) => jobIn('submit', { header: 'Location' }, null, response({ location: value }));
    expect(inHeader('/v1/jobs/1')).toBe('https://api.test/v1/jobs/1');
    expect(inHeader('abc')).toBe('abc');
  });

  test.each([
    ['nothing', '{}', /found nothing at job "id"/],
    ['null', '{"id":null}', /found nothing/],
    ['a list', '{"id":[1]}', /found a list/],
    ['an object', '{"id":{}}', /an object value|object/],
    ['an empty text', '{"id":" "}', /expected the id of a job/],
    [
      'an error',
      '{"id":null,"errors":[{"message":"bad query at https://api.test/x?key=1"}]}',
      /says: bad query at \[address\]$/,
    ],
  ])('is not %s', (_, text, message) => {
    expect(() => jobOf('id', text)).toThrow(message);
  });

  test('is shown, but an address is not', () => {
    expect(shownJob('job-1')).toBe('job-1');
    expect(shownJob('gid://shopify/BulkOperation/7')).toMatch(/^[0-9a-f]{16}$/);
    expect(shownJob('https://api.test/jobs/1?sig=x')).toMatch(/^[0-9a-f]{16}$/);
    expect(shownJob('x'.repeat(200))).toMatch(/^[0-9a-f]{16}$/);
    expect(shownJob('a\u001b[31m')).toBe(String.raw`a\u001b[31m`);
  });
});

test.each([
  ["status == 'done'", '{"status":"done"}', true],
  ["status == 'done'", '{"status":"running"}', false],
  ["contains(status, 'done')", '{}', false],
  ['done', '{"done":"false"}', false],
  ['urls', '{"urls":[]}', false],
  ['urls', '{"urls":["a"]}', true],
  ['progress >= `100`', '{"progress":100}', true],
  ['done', '', false],
])('the condition %s for %s is %s', (condition, text, expected) => {
  expect(holds(condition, text === '' ? null : parseJson(text).value)).toBe(expected);
});

test.each([
  ['{"message":"too many rows"}', 'too many rows'],
  ['{"status":"failed","error":{"message":"no"}}', 'no'],
  ['{"error":"gone"}', 'gone'],
  ['{"errors":[{"message":"a"},{"message":"b"}]}', 'a'],
  ['{"errorMessage":"line\\n two"}', 'line two'],
  ['{"error":{"code":7}}', '{"code":7}'],
  ['{"status":"failed"}', null],
])('the reason in %s is %s', (text, expected) => {
  expect(reasonIn(null, parseJson(text).value)).toBe(expected);
});

test('a reason is cut, and read from where the source says', () => {
  expect(reasonIn('why', { why: 'x'.repeat(600), message: 'other' })).toBe(`${'x'.repeat(500)}…`);
});

test('the state of a job is a word', () => {
  expect(stateIn({ status: 'in_progress' })).toBe('in_progress');
  expect(stateIn({ state: 'JobComplete' })).toBe('JobComplete');
  expect(stateIn({ status: 'https://api.test/x?token=1' })).toBeNull();
  expect(stateIn({ status: 7 })).toBeNull();
});

test('of a source with a mask a message shows nothing of the answer', () => {
  const { value } = parseJson('{"message":"unknown customer ann@example.com"}');
  const find = (quotes: boolean) => () => jobIn('submit', { path: 'id' }, value, response(), quotes);
  expect(find(true)).toThrow(/the answer says: unknown customer ann@example\.com/);
  expect(find(false)).toThrow(/expected the id of a job$/);
});
