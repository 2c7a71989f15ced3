import { describe, expect, test } from 'vitest';
import { codecKeys, keySecrets } from '../../../../src/config/environment/codec-keys.ts';
import { createRedactor } from '../../../../src/domain/secrets/redact.ts';

const [one, two] = [1, 2].map((fill) => Buffer.alloc(32, fill).toString('base64')) as [string, string];
const read = (text: string) => codecKeys((name) => (name === 'DAYBOOK_CODEC_KEYS' ? text : undefined));

describe('DAYBOOK_CODEC_KEYS', () => {
  test('has keys with ids, of which the first encrypts', () => {
    expect(read(`k2:${two}, k1:${one}`).map(({ id, bytes }) => [id, bytes[0]])).toEqual([
      ['k2', 2],
      ['k1', 1],
    ]);
    expect(read('')).toEqual([]);
  });

  test('has keys that only decrypt after "none"', () => {
    const keys = read(`none,k2:${two},k1:${one}`);
    expect(keys.map(({ id, decryptsOnly }) => [id, decryptsOnly])).toEqual([
      ['k2', true],
      ['k1', true],
    ]);
    expect(read(`none:${one}`)).toEqual([{ id: 'none', bytes: Buffer.alloc(32, 1) }]);
  });

  test('"none" without a key is refused', () => {
    expect(() => read('none')).toThrow('found "none" without a key after it, expected none,id:key to only decrypt');
  });

  test.each([
    ['"none" after a key', `k1:${one},none`, 'part 2 is "none", expected it before all keys'],
    ['a key without an id', one, 'DAYBOOK_CODEC_KEYS: part 1 is not an id and a key; expected id:key'],
    ['a short key', `k1:${Buffer.alloc(16, 3).toString('base64')}`, 'the key "k1" has 16 bytes, expected 32 as base64'],
    ['an id of two keys', `k1:${one},k1:${two}`, 'found the id "k1" twice'],
  ])('%s is refused, and no message has it', (_, text, message) => {
    const read_ = () => read(text);
    expect(read_).toThrow(message);
    expect(read_).not.toThrow(text.slice(-20));
  });

  test('a key is taken out of texts, however it is written', () => {
    const bytes = Buffer.from('0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0', 'hex');
    const redact = createRedactor(keySecrets([{ bytes }]));
    const written = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')];
    for (const text of written) expect(redact(`key ${text}.`)).not.toContain(text.slice(0, 20));
  });
});
