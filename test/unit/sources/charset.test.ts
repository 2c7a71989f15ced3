import { describe, expect, test } from 'vitest';
import { decodeText } from '../../../src/sources/http/charset.ts';

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();

describe('decodeText', () => {
  test.each([
    ['UTF-8 by default', Buffer.from('é😀'), undefined, 'é😀'],
    ['UTF-8 where the type names no charset', Buffer.from('é😀'), 'application/json', 'é😀'],
    ['what the header names', Buffer.from([0xe9]), 'application/json; charset=ISO-8859-1', 'é'],
    ['a quoted name in any case', Buffer.from([0xe9]), 'text/plain; Charset = "windows-1252"; x=y', 'é'],
    ['a byte order mark against the header', Buffer.from('\ufeffé'), 'text/plain; charset=iso-8859-1', 'é'],
    ['UTF-16 by its mark', Buffer.from('\ufeffé😀', 'utf16le'), undefined, 'é😀'],
    ['big-endian UTF-16 by its mark', utf16be('\ufeffé😀'), 'application/json; charset=utf-8', 'é😀'],
    ['UTF-16 by the header', Buffer.from('é😀', 'utf16le'), 'application/json; charset=utf-16le', 'é😀'],
    ['UTF-8 for a charset that nobody knows', Buffer.from('é'), 'text/plain; charset=klingon', 'é'],
  ])('takes %s', (_, body, contentType, expected) => {
    expect(decodeText(body, contentType)).toBe(expected);
  });

  test('reads windows-1251 and Shift_JIS', () => {
    expect(decodeText(Buffer.from([0xcf, 0xf0, 0xe8]), 'text/plain; charset=windows-1251')).toBe('При');
    expect(decodeText(Buffer.from([0x93, 0xfa]), 'text/plain; charset=shift_jis')).toBe('日');
  });

  test.each(['windows-1252', 'iso-8859-1', 'us-ascii'])(
    'reads the signs that only windows-1252 has as %s',
    (charset) => {
      const signs = Buffer.from([0x80, 0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x99, 0x9f, 0xa0, 0xff, 0x81]);
      expect(decodeText(signs, `text/plain; charset=${charset}`)).toBe('€…‘’“”–—™Ÿ\u00a0ÿ\x81');
    },
  );

  test('replaces bytes that are no UTF-8', () => {
    expect(decodeText(Buffer.from([0x61, 0xff, 0x62]), undefined)).toBe('a\ufffdb');
  });

  test('makes an empty text of an empty body', () => {
    expect(decodeText(Buffer.alloc(0), undefined)).toBe('');
  });
});
