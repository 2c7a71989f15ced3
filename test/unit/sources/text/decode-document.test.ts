import * as fc from 'fast-check';
import { encode } from 'iconv-lite';
import { describe, expect, test } from 'vitest';
import { badByte } from '../../../../src/domain/text/bad-bytes.ts';
import { decodeDocument, decodeText, type DocumentToDecode } from '../../../../src/sources/text/decode-document.ts';

const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16();
const nothing = { kind: 'json', contentType: undefined, encoding: null } as const;
const read = (body: Buffer, given: Partial<DocumentToDecode> = {}) => decodeDocument({ ...nothing, ...given, body });
const codes = ({ warnings }: ReturnType<typeof read>) => warnings.map(({ code, count }) => `${code} ${count}`);

describe('decodeDocument', () => {
  test.each([
    ['UTF-8 by default', Buffer.from('é😀'), undefined, 'é😀'],
    ['UTF-8 where the type names no charset', Buffer.from('é😀'), 'application/json', 'é😀'],
    ['what the header names', Buffer.from([0xe9]), 'application/json; charset=ISO-8859-1', 'é'],
    ['a quoted name in any case', Buffer.from([0xe9]), 'text/plain; Charset = "windows-1252"; x=y', 'é'],
    ['a byte order mark against the header', Buffer.from('\ufeffé'), 'text/plain; charset=iso-8859-1', 'é'],
    ['UTF-16 by its mark', Buffer.from('\ufeffé😀', 'utf16le'), undefined, 'é😀'],
    ['big-endian UTF-16 by its mark', utf16be('\ufeffé😀'), 'application/json; charset=utf-8', 'é😀'],
    ['UTF-16 by the header', Buffer.from('é😀', 'utf16le'), 'application/json; charset=utf-16le', 'é😀'],
    ['UTF-16 by its zeros', Buffer.from('{"a":"é"}', 'utf16le'), undefined, '{"a":"é"}'],
    ['UTF-32 by its zeros', encode('[1]', 'utf-32be', { addBOM: false }), undefined, '[1]'],
    ['UTF-8 for an unknown charset', Buffer.from('é'), 'text/plain; charset=klingon', 'é'],
    ['UTF-8 where UTF-16 is claimed of plain letters', Buffer.from('{"a":"é"}'), 'x/y; charset=utf-16', '{"a":"é"}'],
    ['ISO-2022-JP, whose bytes are all ASCII', encode('日本', 'shift_jis'), 'x/y; charset=shift_jis', '日本'],
    ['an older charset', Buffer.from([0x81]), 'text/plain; charset=cp437', 'ü'],
    ['nothing', Buffer.alloc(0), undefined, ''],
  ])('takes %s', (_, body, contentType, expected) => {
    expect(read(body, { contentType }).text).toBe(expected);
  });

  test('reads ISO-2022-JP, whose bytes are all ASCII', () => {
    const body = Buffer.from('\u001b$BF|K\\\u001b(B');
    expect(read(body, { contentType: 'text/plain; charset=iso-2022-jp' }).text).toBe('日本');
  });

  test('the configuration wins over everything except a byte order mark', () => {
    const given = { encoding: 'windows-1251', contentType: 'text/plain; charset=utf-8' };
    expect(read(Buffer.from([0xcf, 0xf0, 0xe8]), given).text).toBe('При');
    expect(read(Buffer.from('Привет'), { encoding: 'koi8-r' }).text).not.toBe('Привет');
    expect(read(Buffer.from('\ufeffПри'), given).text).toBe('При');
  });

  test.each(['json', 'xml', 'html'] as const)('UTF-8 counts more than a header that claims latin-1: %s', (kind) => {
    for (const label of ['iso-8859-1', 'us-ascii', 'windows-1252', 'iso-8859-15']) {
      const document = read(Buffer.from('<p>Grüße'), { kind, contentType: `text/x; charset=${label}` });
      expect(document.text).toBe('<p>Grüße');
      expect(codes(document)).toEqual(['charset_overruled 1']);
    }
  });

  test.each([
    ['xml', '<?xml version="1.0" encoding="iso-8859-1"?>'],
    ['html', '<?xml version="1.0" encoding="iso-8859-1"?>'],
    ['html', '<meta charset=latin1>'],
    ['html', '<meta http-equiv=Content-Type content="text/html; charset=iso-8859-1">'],
  ] as const)('UTF-8 counts more than what an %s document claims: %s', (kind, head) => {
    expect(read(Buffer.from(`${head}Grüße`), { kind }).text).toBe(`${head}Grüße`);
    expect(codes(read(Buffer.from(`${head}Gruss`), { kind }))).toEqual([]);
    // Such a document may be what it claims, too.
    expect(read(Buffer.from(`${head}Grüße`, 'latin1'), { kind }).text).toBe(`${head}Grüße`);
  });

  test.each([
    'latin-1',
    'iso-8859-2',
    'iso-8859-9',
    'windows-1257',
    'iso_8859-1',
    'iso-ir-6',
    'x-user-defined',
    'utf-7',
    'iso-2022-jp',
    'utf_8',
    'binary',
    'unicode',
    'UTF-16',
    'base64',
    'utf8mb4',
  ])('a character of UTF-8 counts more than %s', (label) => {
    for (const kind of ['json', 'xml', 'html'] as const) {
      expect(read(Buffer.from('<p>Việt'), { kind, contentType: `text/x; charset=${label}` }).text).toBe('<p>Việt');
    }
  });

  test.each([
    ['iso-8859-5', 'Новости'],
    ['windows-1251', 'Новости'],
    ['ibm866', 'Привет'],
    ['windows-1253', 'Νέα'],
    ['windows-1255', 'שלום'],
    ['windows-1256', 'مرحبا'],
    ['iso-8859-6', 'مرحبا'],
    ['windows-874', 'สวัสดี'],
    ['macintosh', 'Grüße “x”'],
    ['cp850', 'Grüße ß'],
    ['gbk', '网站地图'],
    ['big5', '網站地圖'],
    ['shift_jis', '日本語版'],
    ['euc-kr', '한국어로'],
  ])('a few of UTF-8 count more than %s, and what it writes is read', (charset, text) => {
    const contentType = `text/x; charset=${charset}`;
    expect(read(Buffer.from(`<p>${text}`), { contentType }).text).toBe(`<p>${text}`);
    const own = read(encode(`<p>${text}`, charset), { contentType });
    expect(own).toEqual({ text: `<p>${text}`, warnings: [] });
  });

  test('a declaration of ASCII does not apply to other bytes', () => {
    const body = encode('<?xml version="1.0" encoding="windows-1251"?><a>Привет', 'windows-1251');
    const document = read(body, { kind: 'xml', contentType: 'text/xml; charset=us-ascii' });
    expect(document.text).toContain('Привет');
    expect(codes(document)).toEqual(['charset_overruled 1']);
    expect(read(Buffer.from([0xe9]), { contentType: 'text/xml; charset=us-ascii' }).text).toBe('é');
  });

  test('halves of pairs that are written in three bytes are one bad character each', () => {
    const body = Buffer.concat([Buffer.from('<p>Grüße '), Buffer.from('eda0bd', 'hex'), Buffer.from('</p>')]);
    expect(read(body, { kind: 'xml' }).text).toMatch(/^<p>Grüße /);
  });

  test('byte order marks are not part of the text, even repeated ones', () => {
    expect(read(Buffer.from('\ufeff\ufeff[1]')).text).toBe('[1]');
  });

  test('a charset of other letters is obeyed, unless there are too many of UTF-8 for an accident', () => {
    const contentType = 'text/plain; charset=windows-1251';
    expect(read(Buffer.from('ё'), { contentType }).text).toBe('С‘');
    expect(read(Buffer.from('Привет, мир'), { contentType }).text).toBe('Привет, мир');
    const gbk = 'text/html; charset=gb2312';
    expect(read(Buffer.from('<p>汉字汉字汉字汉字'), { kind: 'html', contentType: gbk }).text).toBe(
      '<p>汉字汉字汉字汉字',
    );
  });

  test('one bad byte changes nothing else, whatever is declared', () => {
    const headers = [undefined, 'x/y', 'x/y; charset=utf-8', 'x/y; charset=iso-8859-1'];
    const kinds = fc.constantFrom('json', 'xml', 'html' as const);
    const text = fc.string({ unit: 'grapheme', minLength: 3 }).filter((value) => /[^\0-\x7f]{3}/.test(value));
    fc.assert(
      fc.property(kinds, fc.constantFrom(...headers), text, text, (kind, contentType, before, after) => {
        const body = Buffer.concat([Buffer.from(`<${before}`), Buffer.from([0xff]), Buffer.from(after)]);
        const document = read(body, { kind, contentType });
        expect(document.text).toBe(`<${before}${badByte}${after}`);
        expect(codes(document)).toContain('bad_bytes 1');
      }),
      { numRuns: 100 },
    );
  });

  test('a U+FFFD that the source wrote is no bad byte', () => {
    expect(read(Buffer.from('lost \ufffd, Grüße'))).toEqual({ text: 'lost \ufffd, Grüße', warnings: [] });
    const both = Buffer.concat([Buffer.from('lost \ufffd, Grüße '), Buffer.from([0xe2, 0x82, 0xff])]);
    expect(read(both).text).toBe(`lost \ufffd, Grüße ${badByte}${badByte}`);
    expect(codes(read(both))).toEqual(['bad_bytes 2']);
  });

  test('bad units of UTF-16 are bad bytes', () => {
    const body = Buffer.concat([Buffer.from('\ufeffa\ud800b', 'utf16le'), Buffer.from([0x41])]);
    expect(read(body).text).toBe(`a${badByte}b${badByte}`);
  });

  test('undeclared: HTML and XML are windows-1252 where they are no UTF-8, JSON is not', () => {
    const body = Buffer.from('<p>Möller & Müller', 'latin1');
    expect(read(body, { kind: 'html' })).toEqual({ text: '<p>Möller & Müller', warnings: [] });
    expect(read(body, { kind: 'xml' }).text).toBe('<p>Möller & Müller');
    const json = read(body);
    expect(json.text).toBe(`<p>M${badByte}ller & M${badByte}ller`);
    expect(json.warnings).toEqual([
      {
        code: 'bad_bytes',
        message:
          'found bytes that are invalid in utf-8, each stored as U+FFFD; if the text is windows-1252, set encoding: windows-1252',
        count: 2,
      },
    ]);
  });

  test.each([
    ['windows-1251', 'Съешь же ещё этих мягких французских булок'],
    ['koi8-r', 'съешь же ещё этих мягких французских булок'],
    ['windows-1252', 'Voix ambiguë d’un cœur qui préfère les jattes'],
  ])('proposes %s', (charset, text) => {
    const [warning] = read(encode(text, charset)).warnings;
    expect(warning?.message).toContain(`set encoding: ${charset}`);
  });

  test.each(['\0<p>Grüße</p>', '<\0p>Grüße</p>'])('%j is no UTF-16', (text) => {
    expect(read(Buffer.from(text), { kind: 'html' }).text).toBe(text);
  });

  test('XML behind a warning is what its prolog says', () => {
    const text = '<br />Warning<br />\n<?xml version="1.0" encoding="windows-1251"?><rss>Привет</rss>';
    expect(read(encode(text, 'windows-1251'), { kind: 'xml' }).text).toBe(text);
  });

  test('XML that is not what its header says is what its prolog says', () => {
    const body = encode('<?xml version="1.0" encoding="windows-1251"?><a>Привет', 'windows-1251');
    const document = read(body, { kind: 'xml', contentType: 'text/xml; charset=utf-8' });
    expect(document.text).toContain('Привет');
    expect(codes(document)).toEqual(['charset_overruled 1']);
  });
});

describe('charset of a page', () => {
  const hello = encode('Привет', 'windows-1251').toString('latin1');
  const late = `<title>${'x'.repeat(3_000)}</title>`;
  test.each([
    ['a meta', '<meta charset="windows-1251">'],
    ['a meta in other words', '<META content="text/html;charset = windows-1251" HTTP-EQUIV=content-type>'],
    ['a meta whose http-equiv is misspelt', '<meta httpequiv="ContentType" content="text/html; charset=windows-1251">'],
    ['a meta at the end of the first 1,024 bytes', `${late.slice(0, 970)}</title><meta charset="windows-1251">`],
    ['a meta beyond them', `${late}<meta charset="windows-1251">`],
    ['a meta behind a comment', '<!-- <meta charset="koi8-r"> --><meta charset="windows-1251">'],
    ['a meta behind a long comment', `<!-- ${late}<meta charset="koi8-r"> --><meta charset="windows-1251">`],
    ['a meta behind a script', '<script>"<meta charset=koi8-r>"</script><meta charset="windows-1251">'],
    ['a meta behind comments that end otherwise', '<!--><!-- a --!><meta charset="windows-1251"><!-- -->'],
    ['a meta behind one in an attribute', `<link title='<meta charset="koi8-r">'><meta charset="windows-1251">`],
    ['a meta behind a stray quote', '<meta name=a content=5"><meta charset="windows-1251">'],
    ['no meta that speaks of one', '<meta name=a content="charset=koi8-r"><meta charset="windows-1251">'],
    ['the first meta that names a charset', '<meta charset="klingon"><meta content="charset="><meta charset="cp1251">'],
    ['a prolog', '<?xml version="1.0" encoding="windows-1251"?>'],
    ['a meta rather than a prolog', '<?xml version="1.0" encoding="koi8-r"?><meta charset="windows-1251">'],
  ])('is that of %s', (_, head) => {
    const body = Buffer.from(`${head}<p>${hello}`, 'latin1');
    expect(read(body, { kind: 'html' }).text).toBe(`${head}<p>Привет`);
    // A header counts more.
    const koi8 = read(body, { kind: 'html', contentType: 'text/html; charset=koi8-r' });
    expect(koi8.text).toContain('оПХБЕР');
  });
});

describe('decodeText', () => {
  test('replaces bytes that are no UTF-8', () => {
    expect(decodeText(Buffer.from([0x61, 0xff, 0x62]), undefined, null)).toBe('a\ufffdb');
  });

  test('uses the configured charset', () => {
    expect(decodeText(Buffer.from([0xe9]), 'text/plain; charset=utf-8', 'latin1')).toBe('é');
  });
});
