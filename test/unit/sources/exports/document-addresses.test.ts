import { describe, expect, test } from 'vitest';
import { documentAddresses } from '../../../../src/sources/exports/document-addresses.ts';
import { httpPlan } from '../plans.ts';

const plan = httpPlan({ name: 'orders', url: 'https://api.test/exports', templates: true });
const addresses = (url: string, status: unknown, more: object = {}) =>
  documentAddresses(plan, { method: 'GET', url, params: {}, headers: {} }, { timeFormat: 'iso8601', status, ...more });

describe('the addresses of documents', () => {
  test.each([
    ['an address', '${status:url}', { url: 'https://s3.test/a?X-Sig=1%2F2' }, ['https://s3.test/a?X-Sig=1%2F2']],
    ['a relative one', '${status:url}', { url: '/files/1' }, ['https://api.test/files/1']],
    [
      'a list',
      '${status:urls}',
      { urls: ['https://s3.test/a', 'https://s3.test/b'] },
      ['https://s3.test/a', 'https://s3.test/b'],
    ],
    [
      'a list with repeats',
      '${status:urls}',
      { urls: ['https://s3.test/a', 'https://s3.test/a'] },
      ['https://s3.test/a'],
    ],
    ['fields of a list', '${status:files[].url}', { files: [{ url: 'https://s3.test/a' }] }, ['https://s3.test/a']],
    [
      'ids of a list',
      'https://api.test/${job}/${status:parts}',
      { parts: [7, 'a/b'] },
      ['https://api.test/j%201/7', 'https://api.test/j%201/a%2Fb'],
    ],
    ['the id of the job alone', 'https://api.test/${job}/file', {}, ['https://api.test/j%201/file']],
    ['null', '${status:url}', { url: null }, []],
    ['an empty text', '${status:url}', { url: '' }, []],
    ['an empty list', '${status:urls}', { urls: [] }, []],
    ['null above it', '${status:result.url}', { result: null }, []],
    ['an expression that finds nothing', '${status:files[0].url}', { files: [] }, []],
  ])('%s', (_, url, status, expected) => {
    expect(addresses(url, status, { job: 'j 1' })).toEqual(expected);
  });

  test.each([
    ['a field that is not there', '${status:result.url}', { result: {} }, /nothing at \$\{status:result\.url\}/],
    ['no address', '${status:url}', { url: 7 }, /no address|expected an address/],
    ['a scheme of files', '${status:url}', { url: 'file:///etc/passwd' }, /an address of file/],
    ['a user name', '${status:url}', { url: 'https://me:x@s3.test/' }, /with a user name/],
    ['a step through the path', 'https://api.test/${status:name}', { name: '..' }, /without dots/],
    ['two lists', 'https://api.test/${status:a}/${status:b}', { a: [1], b: [2] }, /more than one list/],
    [
      'too many',
      '${status:urls}',
      { urls: Array.from({ length: 10_001 }, (_, n) => `https://s3.test/${n}`) },
      /at most 10000/,
    ],
  ])('refuse %s', (_, url, status, message) => {
    expect(() => addresses(url, status)).toThrow(message);
  });

  test('never take a value for a placeholder', () => {
    expect(addresses('https://api.test/${status:name}', { name: '${env:HOME}${job}' }, { job: 'secret' })).toEqual([
      'https://api.test/%24%7Benv%3AHOME%7D%24%7Bjob%7D',
    ]);
  });
});
