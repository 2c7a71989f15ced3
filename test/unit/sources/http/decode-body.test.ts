import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OverLimit, UnreadableBody } from '../../../../src/domain/errors.ts';
import { readBody } from '../../../../src/sources/http/decode-body.ts';

const limits = { subject: 'news', maxBytes: 1_000_000 };

const codings = [
  { name: 'gzip', header: 'gzip', encode: (content: Buffer) => gzipSync(content) },
  { name: 'x-gzip', header: ' X-Gzip ', encode: (content: Buffer) => gzipSync(content) },
  { name: 'deflate in its zlib format', header: 'deflate', encode: (content: Buffer) => deflateSync(content) },
  { name: 'raw deflate', header: 'deflate', encode: (content: Buffer) => deflateRawSync(content) },
  { name: 'br', header: 'br', encode: (content: Buffer) => brotliCompressSync(content) },
  { name: 'gzip twice', header: 'gzip, gzip', encode: (content: Buffer) => gzipSync(gzipSync(content)) },
  {
    name: 'deflate, then br',
    header: 'deflate,br',
    encode: (content: Buffer) => brotliCompressSync(deflateSync(content)),
  },
  {
    name: 'raw deflate, then gzip',
    header: 'deflate, gzip',
    encode: (content: Buffer) => gzipSync(deflateRawSync(content)),
  },
  {
    name: 'gzip beside what is no coding',
    header: '"Identity", UTF-8, GZip',
    encode: (content: Buffer) => gzipSync(content),
  },
  { name: 'identity', header: 'identity', encode: (content: Buffer) => content },
  { name: 'nothing', header: undefined, encode: (content: Buffer) => content },
] as const;
const compressed = codings.filter(({ header }) => header !== undefined && header !== 'identity');

function cut(body: Buffer, size: number): Readable {
  return Readable.from(
    Array.from({ length: Math.ceil(body.length / size) }, (_, n) => body.subarray(n * size, (n + 1) * size)),
  );
}

/** Reads a body; one that neither ends nor fails is as bad as a wrong one. */
async function read(body: Readable, header: string | undefined): Promise<Buffer> {
  const hangs = sleep(500, undefined, { ref: false }).then(() => {
    throw new Error('the body neither ended nor failed within 500 ms');
  });
  return Promise.race([readBody(body, header, limits), hangs]);
}

const contents = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc.integer({ min: 1, max: 50_000 }).map((size) => Buffer.alloc(size, '[{"id":1}]')),
);

describe('readBody', () => {
  test.each(codings)('undoes $name, however the body is cut', async ({ header, encode }) => {
    await fc.assert(
      fc.asyncProperty(contents, fc.integer({ min: 1, max: 100 }), async (content, size) => {
        expect((await readBody(cut(encode(content), size), header, limits)).equals(content)).toBe(true);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test.each(compressed)('never accepts truncated $name as complete', async ({ header, encode }) => {
    await fc.assert(
      fc.asyncProperty(contents, fc.double({ min: 0.01, max: 0.999, noNaN: true }), async (content, share) => {
        const whole = encode(content);
        const body = whole.subarray(0, Math.min(whole.length - 1, Math.max(1, Math.floor(whole.length * share))));
        await expect(read(cut(body, 64), header)).rejects.toBeInstanceOf(UnreadableBody);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  test.each(compressed)('takes damaged $name for unreadable, if it notices, and for nothing else', async (coding) => {
    const whole = coding.encode(Buffer.from(JSON.stringify(Array.from({ length: 300 }, (_, id) => ({ id })))));
    for (let at = 0; at < whole.length; at += 7) {
      const body = Buffer.from(whole);
      body[at] = (body[at] ?? 0) ^ 0x55;
      const error = await read(cut(body, 1_000), coding.header).then(
        () => null,
        (failure: unknown) => failure,
      );
      expect([null, 'UnreadableBody']).toContain(error instanceof Error ? error.name : error);
    }
  });

  test.each(compressed)('stops at the limit of the decoded body: $name', async ({ header, encode }) => {
    const content = Buffer.alloc(limits.maxBytes + 1, 'x');
    await expect(readBody(cut(encode(content), 10_000), header, limits)).rejects.toBeInstanceOf(OverLimit);
    const whole = content.subarray(1);
    expect((await readBody(cut(encode(whole), 10_000), header, limits)).length).toBe(limits.maxBytes);
  });

  test('drops the rest of a body once it is too large', async () => {
    let sent = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          sent++;
          yield Buffer.alloc(100_000, 'x');
        }
      })(),
    );
    await expect(readBody(endless, undefined, limits)).rejects.toBeInstanceOf(OverLimit);
    expect(endless.destroyed).toBe(true);
    expect(sent).toBeLessThan(100);
  });

  const stages = codings.flatMap((coding) => [0, 20].map((sent) => ({ ...coding, sent })));
  test.each(stages)(
    'passes on what the connection fails with after $sent bytes: $name',
    async ({ sent, header, encode }) => {
      const failure = Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
      const body = Readable.from(
        (async function* () {
          if (sent > 0) yield encode(Buffer.alloc(50_000, 'x')).subarray(0, sent);
          throw failure;
        })(),
      );
      await expect(read(body, header)).rejects.toBe(failure);
    },
  );

  test.each(['compress', 'zstd', 'gzip, klingon'])('refuses to undo %s, and says what it can', async (header) => {
    await expect(readBody(cut(Buffer.from('x'), 1), header, limits)).rejects.toThrow(/expected gzip, deflate or br/);
  });

  test('limits the number of codings', async () => {
    const header = Array(50).fill('gzip').join();
    await expect(readBody(cut(Buffer.from('x'), 1), header, limits)).rejects.toBeInstanceOf(OverLimit);
  });

  test.each(codings)('treats a missing body as empty, as in a 204 or 304: $name', async ({ header }) => {
    expect((await read(Readable.from([]), header)).length).toBe(0);
  });
});
