import { describe, expect, test } from 'vitest';
import { OverLimit } from '../../../../src/domain/errors.ts';
import { jsonFormat } from '../../../../src/sources/http-json/json-source.ts';
import { httpPlan } from '../plans.ts';

const read = (text: string) =>
  jsonFormat(httpPlan()).read(
    { status: 200, headers: {}, body: Buffer.from(text), url: 'http://origin/' },
    new Date(),
    { place: { page: 1, cursor: null } },
  );

describe('a page that is small as text, but not in memory, is refused', () => {
  test.each([
    ['millions of empty objects', `[${'{},'.repeat(5_000_000)}{}]`, /too many JSON values to keep in memory/],
    ['millions of brackets', '['.repeat(20_000_000), /too many JSON values to keep in memory/],
    ['millions of numbers', `[${'1,'.repeat(20_000_000)}1]`, /too many JSON values to keep in memory/],
    ['a million numbers', `[${'1,'.repeat(1_000_000)}1]`, /1000001 records at once, at most 500000 are allowed/],
  ])('%s', (_, text, message) => {
    expect(() => read(text)).toThrow(OverLimit);
    expect(() => read(text)).toThrow(message);
  });

  test('but brackets in texts count for nothing', () => {
    expect(read(`[{"id":1,"t":"${'[{\\"'.repeat(5_000_000)}"}]`)).toMatchObject({ items: [{}] });
  });
});
