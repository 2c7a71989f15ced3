import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, mask } from '../../../../src/domain/secrets/redact.ts';

const secret = 'p@ss w0rd/+"ü!\'(~)*\n$&';

/** The forms in which a secret gets into messages. */
const forms: readonly (readonly [string, string])[] = [
  ['as it is', secret],
  ['in JSON', JSON.stringify(secret).slice(1, -1)],
  ['in base64', Buffer.from(secret).toString('base64')],
  ['in base64 without padding', Buffer.from(secret).toString('base64').replace(/=+$/, '')],
  ['as a URI component', encodeURIComponent(secret)],
  // What `url.searchParams.set` makes of it.
  ['as a query parameter', new URLSearchParams({ key: secret }).toString().slice('key='.length)],
  ['in the path of a URL', new URL(`http://h/${secret}`).pathname.slice(1)],
  ['in JSON within JSON', JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1)],
  [
    'as a URI component in small letters',
    encodeURIComponent(secret).replaceAll(/%../g, (escape) => escape.toLowerCase()),
  ],
  ['in JSON of ASCII alone', JSON.stringify(secret).slice(1, -1).replaceAll('ü', '\\u00fc')],
  ['in markup', secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;')],
  ['in base64 of URLs', Buffer.from(secret).toString('base64url')],
  [
    'in JSON in base64',
    Buffer.from(`"${JSON.stringify(secret).slice(1, -1)}"`)
      .toString('base64')
      .slice(2, -2),
  ],
  ['in JSON that escapes the slash', secret.replaceAll('/', '\\/')],
];

describe('createRedactor', () => {
  test.each(forms)('leaves nothing of a secret %s', (_, form) => {
    const redacted = createRedactor([secret])(`found <${form}>, expected nothing`);
    // Padding of base64 does not matter.
    expect(redacted.replaceAll('=', '')).toBe(`found <${mask}>, expected nothing`);
  });

  test('leaves nothing of a long secret in base64, whatever is around it', () => {
    for (const before of ['', 'a', 'ab', 'user:']) {
      const text = Buffer.from(`${before}a-rather-long-secret and more`).toString('base64');
      const redacted = createRedactor(['a-rather-long-secret'])(text);
      expect(Buffer.from(redacted.replace(mask, ''), 'base64').toString()).not.toMatch(/rather|long|secre/);
      expect(redacted).toContain(mask);
    }
  });

  test('takes the beginning of a secret away where a text was cut', () => {
    const redact = createRedactor(['hunter2-the-second', 'other']);
    expect(redact('found "hunter2-the…", and hunt… and hun… and so on…')).toBe(
      `found "${mask}…", and ${mask}… and hun… and so on…`,
    );
    expect(redact('a hunter without a cut')).toBe('a hunter without a cut');
  });

  test('knows a host name that was a secret in capitals', () => {
    expect(createRedactor(['Tenant-A'])('getaddrinfo ENOTFOUND tenant-a.example.com')).toContain(`${mask}.example.com`);
  });

  test('replaces every occurrence and leaves the rest of the text', () => {
    const redact = createRedactor(['s3cret', 'other$&']);
    expect(redact('a s3cret, another s3cret and other$& too')).toBe(`a ${mask}, another ${mask} and ${mask} too`);
    expect(redact('nothing here')).toBe('nothing here');
  });

  test('reads a secret as text, not as a pattern', () => {
    expect(createRedactor(['a.c*'])('abcc a.c*')).toBe(`abcc ${mask}`);
  });

  test('replaces a secret that another one begins as a whole', () => {
    for (const secrets of [
      ['token', 'token-long'],
      ['token-long', 'token'],
    ]) {
      expect(createRedactor(secrets)('<token-long>')).toBe(`<${mask}>`);
    }
  });

  test('takes values under four characters for no secrets', () => {
    expect(createRedactor(['', 'abc'])('abc in the alphabet')).toBe('abc in the alphabet');
    expect(createRedactor(['abcd'])('abcd')).toBe(mask);
  });

  test('has any secret, lone surrogates too', () => {
    const any = fc.array(fc.constantFrom('\ud800', 'a', 'Z', '9', '%', '/', '\\', '"', 'é', '😀'), { minLength: 4 });
    fc.assert(
      fc.property(any, (characters) => {
        const text = characters.join('');
        expect(createRedactor([text])(`<${text}>`)).toBe(`<${mask}>`);
        expect(createRedactor([text])(`<${JSON.stringify(text)}>`)).toBe(`<"${mask}">`);
      }),
    );
  });
});
