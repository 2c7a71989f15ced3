import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

/** The variable with the key that refresh tokens are encrypted with in the store. */
export const tokenKeyName = 'DAYBOOK_KEY';
const keyBytes = 32;
const expected = 'expected 32 bytes as base64, e.g. the output of "openssl rand -base64 32"';

/**
 * Reads `DAYBOOK_KEY`; null if it is not set.
 * @throws InvalidEnvironment which never has the key in its words
 */
export function tokenKey(lookUp: LookUp): Uint8Array | null {
  const text = (lookUp(tokenKeyName) ?? '').trim();
  if (text === '') return null;
  if (!/^[A-Za-z\d+/_-]+={0,2}$/.test(text)) {
    throw new InvalidEnvironment(`${tokenKeyName}: found characters that are not base64, ${expected}`);
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === keyBytes) return bytes;
  throw new InvalidEnvironment(`${tokenKeyName}: found ${bytes.length} bytes, ${expected}`);
}

/** The same, where it is needed. @throws InvalidEnvironment also if it is not set */
export function requiredTokenKey(lookUp: LookUp): Uint8Array {
  const key = tokenKey(lookUp);
  if (key !== null) return key;
  throw new InvalidEnvironment(`config: oauth2_refresh_token needs ${tokenKeyName}, which is not set; ${expected}`);
}
