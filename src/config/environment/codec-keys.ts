import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

/** A key that payloads are encrypted with on their way to Temporal. */
export interface CodecKey {
  /** Readable in each payload: says which key decrypts it. */
  readonly id: string;
  /** A secret. */
  readonly bytes: Uint8Array;
  /** Nothing is encrypted with it: all processes get a key before the first one uses it. */
  readonly decryptsOnly?: true;
}

const keyBytes = 32;
const example = 'expected id:key, e.g. k1: and the output of "openssl rand -base64 32"; several separated by commas';
/** In the position of the first key: nothing is encrypted. */
const noKey = 'none';

/**
 * Reads `DAYBOOK_CODEC_KEYS`. The first key encrypts, or none if that is `none`; all of them decrypt.
 * @throws InvalidEnvironment which never has a key in its words
 */
export function codecKeys(lookUp: LookUp): readonly CodecKey[] {
  const parts = (lookUp('DAYBOOK_CODEC_KEYS') || '').split(/[\s,]+/).filter((part) => part !== '');
  const decryptsOnly = parts[0] === noKey;
  if (decryptsOnly && parts.length === 1) {
    throw new InvalidEnvironment(
      `DAYBOOK_CODEC_KEYS: found "${noKey}" without a key after it, expected ${noKey},id:key to only decrypt; leave it unset for no keys`,
    );
  }
  const keys = parts.flatMap((part, index) => {
    if (decryptsOnly && index === 0) return [];
    const key = toKey(part, index);
    return [decryptsOnly ? { ...key, decryptsOnly } : key];
  });
  const twice = keys.find(({ id }, index) => keys.findIndex((other) => other.id === id) < index);
  if (twice === undefined) return keys;
  throw new InvalidEnvironment(`DAYBOOK_CODEC_KEYS: found the id "${twice.id}" twice, expected an id for each key`);
}

function toKey(part: string, index: number): CodecKey {
  if (part === noKey) {
    throw new InvalidEnvironment(`DAYBOOK_CODEC_KEYS: part ${index + 1} is "${noKey}", expected it before all keys`);
  }
  const [, id, text] = /^([A-Za-z\d_.-]{1,40}):([A-Za-z\d+/_-]+={0,2})$/.exec(part) ?? [];
  if (id === undefined || text === undefined) {
    throw new InvalidEnvironment(`DAYBOOK_CODEC_KEYS: part ${index + 1} is not an id and a key; ${example}`);
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === keyBytes) return { id, bytes };
  throw new InvalidEnvironment(
    `DAYBOOK_CODEC_KEYS: the key "${id}" has ${bytes.length} bytes, expected ${keyBytes} as base64; ${example}`,
  );
}

/** What must not be printed: each key, as it may be written. */
export function keySecrets(keys: readonly Pick<CodecKey, 'bytes'>[]): string[] {
  return keys.flatMap(({ bytes }) => {
    const key = Buffer.from(bytes);
    return [
      key.toString('base64'),
      key.toString('base64').replace(/=+$/, ''),
      key.toString('base64url'),
      key.toString('hex'),
    ];
  });
}
