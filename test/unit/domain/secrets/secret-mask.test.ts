import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSecretMask } from '../../../../src/domain/secrets/secret-mask.ts';

const secrets = ['hunter22', 'p@ss w/rd', 'abc', 'say "friend"'];
const mask = createSecretMask(secrets);

describe('a secret mask', () => {
  test.each([
    'https://api.test/next?token=hunter22&page=2',
    'https://api.test/next?token=p%40ss%20w%2Frd',
    'https://api.test/next?token=p%40ss+w%2Frd',
    JSON.stringify({ token: 'say "friend"' }),
    'no secret here',
  ])('hides secrets as they are, and puts them back: %s', (text) => {
    const hidden = mask.hide(text);
    for (const secret of ['hunter22', 'p%40ss', 'friend']) expect(hidden).not.toContain(secret);
    expect(mask.reveal(hidden)).toBe(text);
  });

  test.each(['base64', 'base64url'] as const)(
    'hides secrets in what a source packs as %s, wherever they begin',
    (form) => {
      for (const before of ['', 'a', 'ab', '{"token":"']) {
        const packed = Buffer.from(`${before}say "friend" p@ss w/rd?>~~ tail`).toString(form);
        const hidden = createSecretMask(['say "friend" p@ss w/rd?>~~']).hide(
          `/next?c=${encodeURIComponent(packed)}&d=${packed}`,
        );
        expect(hidden).not.toMatch(/[\w+/-]{20}/);
        expect(createSecretMask(['say "friend" p@ss w/rd?>~~']).reveal(hidden)).toBe(
          `/next?c=${encodeURIComponent(packed)}&d=${packed}`,
        );
      }
    },
  );

  test('reveals nothing that a source puts into its text', () => {
    const stand = mask.hide('hunter22');
    expect(mask.reveal(mask.hide(`https://evil.test/?x=${stand}`))).not.toContain('hunter22');
  });

  test('leaves short values alone', () => {
    expect(mask.hide('abc')).toBe('abc');
  });

  test('gives any text back as it was', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constantFrom(...secrets), fc.string()), { maxLength: 6 }), (parts) => {
        const text = parts.join('').replaceAll('\u0001', '');
        expect(mask.reveal(mask.hide(text))).toBe(text);
      }),
    );
  });
});
