import { describe, expect, test } from 'vitest';
import { TextDecoder } from '@exodus/bytes/encoding.js';
import { badByte } from '../../../../src/domain/text/bad-bytes.ts';
import { charsetName, isCharset } from '../../../../src/formats/charset-name.ts';
import { decoderOf } from '../../../../src/sources/text/decoder.ts';

const decode = (charset: string, ...bytes: number[]) => decoderOf(charset)(Buffer.from(bytes));
const everyByte = Array.from({ length: 256 }, (_, byte) => byte);

describe('decoderOf', () => {
  test('reads characters that the tables of Node.js lack', () => {
    // Hangul beyond KS X 1001, of Hong Kong, the euro sign of gbk, a letter of Ukraine.
    expect(decode('euc-kr', 0x8c, 0x63, 0xb9, 0xe6, 0x94, 0xee)).toBe('똠방뷁');
    expect(decode('big5', 0xfb, 0x48, 0x9d, 0xf8, 0x9d, 0xf7, 0x9d, 0xee)).toBe('嘅啲咗㗎');
    expect(decode('gbk', 0x80)).toBe('€');
    expect(decode('koi8-u', 0xae, 0xbe)).toBe('ўЎ');
  });

  test.each(['windows-1252', 'windows-1253', 'koi8-u', 'ibm866', 'macintosh', 'iso-8859-8-i', 'x-user-defined'])(
    'reads each byte of %s as the Encoding Standard has it',
    (charset) => {
      const expected = new TextDecoder(charset).decode(Uint8Array.from(everyByte)).replaceAll('\ufffd', badByte);
      expect(decode(charset, ...everyByte)).toBe(expected);
    },
  );

  test('reads the signs that only windows-1252 has', () => {
    const signs = [0x80, 0x85, 0x91, 0x92, 0x93, 0x94, 0x96, 0x97, 0x99, 0x9f, 0xa0, 0xff, 0x81];
    expect(decode('windows-1252', ...signs)).toBe('€…‘’“”–—™Ÿ\u00a0ÿ\x81');
  });

  test.each([
    ['utf-8', [0x61, 0xff, 0x62]],
    ['euc-kr', [0x61, 0xff, 0x62]],
    ['iso-8859-7', [0x61, 0xff, 0x62]],
    ['utf-16be', [0, 0x61, 0xdc, 0, 0, 0x62]],
  ])('replaces invalid bytes in %s by a sign', (charset, bytes) => {
    expect(decode(charset, ...bytes)).toBe(`a${badByte}b`);
  });
});

describe('charsetName', () => {
  test.each([
    ['ISO-8859-1', 'windows-1252'],
    [' latin1 ', 'windows-1252'],
    ['gb2312', 'gbk'],
    ['CP437', 'cp437'],
    ['klingon', null],
    ['iso-2022-kr', null],
  ])('of %s is %s', (label, name) => {
    expect(charsetName(label)).toBe(name);
    expect(isCharset(label)).toBe(name !== null);
  });
});
