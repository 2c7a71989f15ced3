import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pathSegment } from '../../../src/formats/path-segment.ts';
import { anyCharacter } from '../../support/any-character.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('pathPart', () => {
  test('leaves letters, digits, _ and - alone', () => {
    expect(pathSegment('scrape-quakes_2026-11-01T00-00-00Z')).toBe('scrape-quakes_2026-11-01T00-00-00Z');
  });

  test('encodes everything that could lead to another folder', () => {
    expect(pathSegment('../..')).toBe('%2E%2E%2F%2E%2E');
    expect(['.', '..', 'a/b', 'a\\b', 'a\u0000', 'C:', 'a b', '~', '%2E'].map(pathSegment)).toEqual([
      '%2E',
      '%2E%2E',
      'a%2Fb',
      'a%5Cb',
      'a%00',
      'C%3A',
      'a%20b',
      '%7E',
      '%252E',
    ]);
    expect(pathSegment('é')).toBe('%C3%A9');
  });

  test('keeps 100 bytes, and takes the sha256 of what is longer', () => {
    expect(pathSegment('a'.repeat(100))).toBe('a'.repeat(100));
    expect(pathSegment('a'.repeat(101))).toBe(sha256('a'.repeat(101)));
  });

  test('is a file name of at most 100 bytes that can be read back where it is no hash', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, minLength: 1, maxLength: 60 }), (id) => {
        const part = pathSegment(id);
        expect(part).toMatch(/^[A-Za-z0-9_%-]{1,100}$/);
        const encoded = encodeURIComponent(id).replace(/[.!~*'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16)}`);
        const expected = encoded.length <= 100 ? id : sha256(id);
        expect(decodeURIComponent(part)).toBe(expected);
      }),
    );
  });
});
