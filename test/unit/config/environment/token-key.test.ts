import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { requiredTokenKey, tokenKey } from '../../../../src/config/environment/token-key.ts';
import { InvalidEnvironment, lookUpIn } from '../../../../src/config/secrets/references.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const bytes = randomBytes(32);

describe('DAYBOOK_KEY', () => {
  test.each(['base64', 'base64url'] as const)('is 32 bytes as %s', (encoding) => {
    expect(tokenKey(lookUpIn({ DAYBOOK_KEY: bytes.toString(encoding) }))).toEqual(bytes);
  });

  test('may be in a file', () => {
    const file = join(temporaryFolder(), 'key');
    writeFileSync(file, `${bytes.toString('base64')}\n`);
    expect(requiredTokenKey(lookUpIn({ DAYBOOK_KEY_FILE: file }))).toEqual(bytes);
  });

  test('is not required until a token is to be kept', () => {
    expect(tokenKey(lookUpIn({}))).toBeNull();
    expect(() => requiredTokenKey(lookUpIn({}))).toThrow('oauth2_refresh_token needs DAYBOOK_KEY, which is not set');
  });

  test.each([
    ['31 bytes', randomBytes(31).toString('base64'), 'found 31 bytes'],
    ['a password', 'not a key!', 'found characters that are not base64'],
  ])('that is %s is refused, and not shown', (_, text, message) => {
    const read = () => tokenKey(lookUpIn({ DAYBOOK_KEY: text }));
    expect(read).toThrow(InvalidEnvironment);
    expect(read).toThrow(message);
    expect(read).not.toThrow(text);
  });
});
