import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRedactor, mask } from '../../../src/domain/redact.ts';

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
];

describe('createRedactor', () => {
  test.each(forms)('leaves nothing of a secret %s', (_, form) => {
    const redacted = createRedactor([secret])(`found <${form}>, expected nothing`);
    // Padding of base64 tells nothing.
    expect(redacted.replaceAll('=', '')).toBe(`found <${mask}>, expected nothing`);
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

  test('bears any secret, lone surrogates too', () => {
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
