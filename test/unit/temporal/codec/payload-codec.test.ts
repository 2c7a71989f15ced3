import { defaultPayloadConverter } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { createPayloadCodec, readingOnly } from '../../../../src/temporal/codec/payload-codec.ts';

const key = (id: string, fill: number) => ({ id, bytes: Buffer.alloc(32, fill) });
const [k1, k2] = [key('k1', 1), key('k2', 2)];
const secret = 'https://example.com/?token=secret';
const plain = () => defaultPayloadConverter.toPayload({ secret });
const textOf = (payload: unknown) =>
  JSON.stringify(payload, (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString() : value));

describe('the payload codec', () => {
  test('encrypts with the first key, and decrypts with the one that a payload names', async () => {
    const [old] = await createPayloadCodec([k1]).encode([plain()]);
    const rotated = createPayloadCodec([k2, k1]);
    const [fresh] = await rotated.encode([plain()]);
    expect(Buffer.from(old?.metadata?.['daybook-key'] ?? []).toString()).toBe('k1');
    expect(Buffer.from(fresh?.metadata?.['daybook-key'] ?? []).toString()).toBe('k2');
    const decoded = await rotated.decode([old, fresh].filter((one) => one !== undefined));
    expect(decoded.map((one) => defaultPayloadConverter.fromPayload(one))).toEqual([{ secret }, { secret }]);
  });

  test('leaves nothing of a payload readable, and encrypts equal ones differently', async () => {
    const [first, second] = await createPayloadCodec([k1]).encode([plain(), plain()]);
    expect(textOf(first)).not.toContain('secret');
    expect(textOf(first)).not.toContain('json/plain');
    expect(Buffer.from(first?.data ?? [])).not.toEqual(Buffer.from(second?.data ?? []));
  });

  test('passes what it has not encrypted: payloads of the Temporal CLI, and histories from before', async () => {
    const other = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.from('of another codec') };
    const payloads = [plain(), other, { metadata: null, data: null }];
    expect(await createPayloadCodec([k1]).decode(payloads)).toEqual(payloads);
    expect(await createPayloadCodec([]).encode(payloads)).toEqual(payloads);
    expect(await createPayloadCodec([{ ...k1, decryptsOnly: true }, k2]).encode(payloads)).toEqual(payloads);
    expect(await readingOnly(createPayloadCodec([k1])).encode(payloads)).toEqual(payloads);
  });

  test.each([
    ['another key', [k2]],
    ['no key', []],
  ])('names the key that is missing where there is %s', async (_, keys) => {
    const encoded = await createPayloadCodec([k1]).encode([plain()]);
    await expect(createPayloadCodec(keys).decode(encoded)).rejects.toMatchObject({
      name: 'PayloadUnreadable',
      type: 'PayloadUnreadable',
      next: 'retry',
      message: expect.stringContaining('the key "k1", which DAYBOOK_CODEC_KEYS does not have') as string,
    });
  });

  test('refuses a payload that was changed, or encrypted with another key of the same id', async () => {
    const codec = createPayloadCodec([k1]);
    const [encoded] = await codec.encode([plain()]);
    const data = Buffer.from(encoded?.data ?? []);
    data[40] = (data[40] ?? 0) ^ 1;
    await expect(codec.decode([{ ...encoded, data }])).rejects.toThrow('cannot be decrypted with the key "k1"');
    await expect(codec.decode([{ ...encoded, data: Buffer.from('short') }])).rejects.toThrow('cannot be decrypted');
    const other = createPayloadCodec([key('k1', 9)]);
    await expect(other.decode(encoded ? [encoded] : [])).rejects.toThrow('another key of this id');
  });
});
