import { expect, test } from 'vitest';
import { contentCodings } from '../../../../src/sources/http/content-codings.ts';

test.each([
  undefined,
  '',
  'identity',
  'Identity',
  ' "identity" ',
  'identity, identity',
  'identity;q=1',
  'none',
  'None',
  'binary',
  '8bit',
  'utf-8',
  'UTF8',
  'utf-8, identity',
  'iso-8859-1',
  'windows-1252',
  'text/html',
  'application/json; charset=utf-8',
])('%j is no coding', (header) => {
  expect(contentCodings(header)).toEqual([]);
});

test.each([
  ['gzip', ['gzip']],
  ['GZIP', ['gzip']],
  ['"gzip"', ['gzip']],
  ['gzip;q=1.0', ['gzip']],
  ['Identity,GZip', ['gzip']],
  ['identity gzip', ['gzip']],
  ['identity; gzip', ['gzip']],
  ['utf-8, gzip', ['gzip']],
  ['none, br', ['br']],
  ['deflate,gzip', ['deflate', 'gzip']],
  // Named codings are never skipped: what they made of the body could not be read.
  ['compress', ['compress']],
  ['zstd', ['zstd']],
  ['aes128gcm', ['aes128gcm']],
  ['base64', ['base64']],
  ['rot13, gzip', ['rot13', 'gzip']],
])('%j has codings', (header, codings) => {
  expect(contentCodings(header)).toEqual(codings);
});
