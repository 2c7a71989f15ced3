import { describe, expect, test } from 'vitest';
import { readHar } from '../../../../src/sources/importers/har/read-har.ts';

interface EntryOptions {
  readonly method?: string;
  readonly status?: number;
  readonly headers?: object[];
  readonly postData?: object;
  readonly content?: object;
  readonly serverIPAddress?: string;
}

const json = (value: unknown) => ({ mimeType: 'application/json', text: JSON.stringify(value) });
const list = (count: number) => Array.from({ length: count }, (_, n) => ({ id: n + 1 }));
function entry(url: string, value: unknown, options: EntryOptions = {}) {
  const { method = 'GET', status = 200, headers = [], postData, content = json(value), serverIPAddress } = options;
  return {
    request: { method, url, headers, ...(postData ? { postData } : {}) },
    response: { status, headers: [{ name: 'Link', value: '<x>; rel="next"' }], content },
    ...(serverIPAddress === undefined ? {} : { serverIPAddress }),
  };
}
const har = (...entries: unknown[]) => JSON.stringify({ log: { version: '1.2', entries } });

describe('a HAR file', () => {
  test('names the requests for JSON lists, those with the most records first', () => {
    const { requests, entries } = readHar(
      har(
        entry('https://a.test/few', list(2)),
        entry('https://a.test/many?page=1', { data: { items: list(7) } }),
        entry('https://a.test/page', null, { content: { mimeType: 'text/html', text: '<p>hello</p>' } }),
        entry('https://a.test/numbers', [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        entry('https://a.test/failed', list(99), { status: 500 }),
        entry('wss://a.test/socket', list(99)),
        { request: null },
        'nonsense',
      ),
    );
    expect(requests.map(({ request: { url }, records }) => `${url} ${records}`)).toEqual([
      'https://a.test/many?page=1 7',
      'https://a.test/few 2',
    ]);
    expect(entries).toBe(7);
  });

  test('has answers that are encoded', () => {
    const content = { mimeType: 'x', encoding: 'base64', text: Buffer.from('[{"a":"é"}]').toString('base64') };
    expect(readHar(har(entry('https://a.test/', null, { content }))).requests[0]).toMatchObject({
      answer: '[{"a":"é"}]',
      answerHeaders: { link: '<x>; rel="next"' },
    });
  });

  test.each([
    [{ mimeType: 'application/json', text: '{"q":1}' }, '{"q":1}'],
    [{ mimeType: 'application/x-www-form-urlencoded', params: [{ name: 'q', value: 'a b' }] }, 'q=a+b'],
  ])('has what was posted: %j', (postData, body) => {
    const { requests } = readHar(har(entry('https://a.test/', list(1), { method: 'POST', postData })));
    expect(requests[0]?.request).toMatchObject({
      method: 'POST',
      body,
      headers: [['Content-Type', postData.mimeType]],
    });
  });

  test('says what was not recorded, and what a source cannot ask', () => {
    expect(
      readHar(
        har(
          entry('https://a.test/', null, { content: { mimeType: 'application/json' } }),
          entry('https://a.test/', list(1), { method: 'PUT' }),
        ),
      ),
    ).toMatchObject({ requests: [], withoutBody: 1, otherMethods: 1 });
  });

  test('shows which server was private', () => {
    const at = (serverIPAddress: string) =>
      readHar(har(entry('https://a.test/', list(1), { serverIPAddress }))).requests[0];
    expect(['10.0.0.7', '[::1]', '93.184.216.34', '169.254.169.254', ''].map((ip) => at(ip)?.isPrivate)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test.each([
    ['<html>', /found no JSON .*expected a HAR file/],
    ['{}', /found an empty object, expected a HAR file with log\.entries/],
    ['{"openapi":"3.0.0","paths":{}}', /found openapi, paths, expected a HAR file/],
    ['[]', /found no object, expected a HAR file/],
  ])('is refused where it is none: %s', (text, expected) => {
    expect(() => readHar(text)).toThrow(expected);
  });
});
