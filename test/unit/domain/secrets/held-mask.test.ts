import { describe, expect, test } from 'vitest';
import { createHeldMask, needsHeld, type HeldSecret } from '../../../../src/domain/secrets/held-mask.ts';
import { withoutMarks } from '../../../../src/domain/secrets/hidden-marks.ts';
import { createSecretMask } from '../../../../src/domain/secrets/secret-mask.ts';

let held: HeldSecret[];
const mask = createHeldMask(() => held);

describe('what a login gave out', () => {
  test.each([
    'https://api.test/next?sid=abc%2Fdef-123&t=t0ken%26value',
    'https://api.test/next;sid=abc/def-123',
    '{"after":"t0ken&value","sid":"abc/def-123"}',
  ])('is replaced in a text by what is held when the text is used: %s', (text) => {
    held = [
      { label: 'token', value: 't0ken&value' },
      { label: 'cookie:a.b:c', value: 'abc/def-123' },
    ];
    const hidden = mask.hide(text);
    expect(hidden).not.toMatch(/t0ken|abc|def/);
    expect(needsHeld(hidden)).toBe(true);
    expect(mask.reveal(hidden)).toBe(text);
    held = [
      { label: 'token', value: 'an0ther=one' },
      { label: 'cookie:a.b:c', value: 'xyz/uvw-456' },
      { label: 'token', value: 't0ken&value' },
      { label: 'cookie:a.b:c', value: 'abc/def-123' },
    ];
    const changed = text
      .replace('abc%2Fdef-123', 'xyz%2Fuvw-456')
      .replace('abc/def-123', 'xyz/uvw-456')
      .replace('t0ken%26value', 'an0ther%3Done')
      .replace('t0ken&value', 'an0ther=one');
    expect(mask.reveal(hidden)).toBe(changed);
    expect(mask.hide(text)).toBe(hidden);
  });

  test('is never left out: a text that names what is not held any more is refused', () => {
    held = [{ label: 'token', value: 't0ken-value' }];
    const hidden = mask.hide('a=t0ken-value&b=1');
    expect(mask.lacks(hidden)).toBe(false);
    held = [{ label: 'cookie:sid', value: 'another-value' }];
    expect(mask.lacks(hidden)).toBe(true);
    expect(() => mask.reveal(hidden)).toThrow('found a position with the token of a former login');
    expect(mask.lacks('a=1')).toBe(false);
    expect(mask.reveal('a=1')).toBe('a=1');
    expect(needsHeld('a=1')).toBe(false);
  });

  test('is hidden beside the secrets of the configuration', () => {
    held = [{ label: 'token', value: 't0ken-value' }];
    const written = createSecretMask(['configured-secret']);
    const text = 'k=configured-secret&t=t0ken-value';
    const hidden = mask.hide(written.hide(text));
    expect(hidden).not.toMatch(/configured|t0ken/);
    expect(mask.reveal(written.reveal(hidden))).toBe(text);
  });
});

test('a text in which secrets are hidden is shown in messages without the marks that stand for them', () => {
  held = [{ label: 'cookie:a.b:c', value: 'abc/def-123' }];
  const written = createSecretMask(['first-secret']);
  const hidden = mask.hide(written.hide('job-first-secret-abc%2Fdef-123-7'));
  expect(hidden).toContain('\u0001');
  expect(withoutMarks(hidden)).toBe('job-[redacted]-[redacted]-7');
  expect(withoutMarks('job-7')).toBe('job-7');
});
