import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8Lines } from '../../../../src/sources/files/line-text.ts';
import { LineReader, type Line } from '../../../../src/sources/files/line-reader.ts';

/** Splits all of the content at once, the simple way. */
function naiveLines(content: Buffer, start: number, maxBytes: number): Line[] {
  const lines: Line[] = [];
  for (let from = start; from < content.length;) {
    const newline = content.indexOf('\n', from);
    const finished = newline !== -1;
    const to = finished ? newline : content.length;
    const end = finished ? to + 1 : to;
    const bytes = to - from;
    lines.push({ text: utf8Lines.decode(content.subarray(from, to)), bytes, tooLong: bytes > maxBytes, finished, end });
    from = end;
  }
  return lines;
}

/** Cuts content into pieces of these sizes, repeatedly. */
function pieces(content: Buffer, sizes: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  for (let from = 0, n = 0; from < content.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    cut.push(content.subarray(from, from + size));
    from += size;
  }
  return cut;
}

async function readAll(reader: LineReader, maxLines = 1_000, maxBytes = 1_000_000): Promise<Line[]> {
  const all: Line[] = [];
  for (;;) {
    const lines = await reader.read(maxLines, maxBytes);
    all.push(...lines);
    expect(reader.offset).toBe(all.at(-1)?.end ?? reader.offset);
    if (lines.length === 0 || lines.at(-1)?.finished === false) return all;
  }
}

const content = fc
  .array(fc.oneof(fc.constantFrom('\n', '\n\n', '\r\n', 'a', 'é', '😀', ' ', 'x'.repeat(40)), fc.string()), {
    maxLength: 40,
  })
  .map((parts) => Buffer.from(parts.join('')));
const anyBytes = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte < 40 ? 10 : byte))));
const chunkSizes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });

describe('LineReader', () => {
  test('yields the lines of a naive splitter, for any chunks and any number of requested lines', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(content, anyBytes),
        chunkSizes,
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        async (bytes, sizes, maxLines, maxBytes, maxLineBytes) => {
          const reader = new LineReader(Readable.from(pieces(bytes, sizes)), 0, maxLineBytes);
          const lines = await readAll(reader, maxLines, maxBytes);
          const expected = naiveLines(bytes, 0, maxLineBytes);
          const facts = ({ bytes: length, tooLong, finished, end }: Line) => ({ length, tooLong, finished, end });
          expect(lines.map(facts)).toEqual(expected.map(facts));
          const texts = (all: Line[]) => all.map(({ tooLong, text }) => (tooLong ? 'too long' : text));
          expect(texts(lines)).toEqual(texts(expected));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('continues at any offset as if it had read everything before', async () => {
    await fc.assert(
      fc.asyncProperty(content, fc.nat(), chunkSizes, async (bytes, position, sizes) => {
        const start = bytes.length === 0 ? 0 : position % bytes.length;
        const reader = new LineReader(Readable.from(pieces(bytes.subarray(start), sizes)), start, 1_000);
        expect(await readAll(reader)).toEqual(naiveLines(bytes, start, 1_000));
      }),
    );
  });

  test('keeps the same beginning of a line that is too long, however the stream is cut', async () => {
    const long = Buffer.from(`${'0123456789'.repeat(20_000)}\nnext\n`);
    for (const maxLineBytes of [100, 70_000]) {
      const texts = await Promise.all(
        [[long.length], [1_000], [64 * 1024], [99, 7]].map(async (sizes) => {
          const reader = new LineReader(Readable.from(pieces(long, sizes)), 0, maxLineBytes);
          const [first, second] = await readAll(reader);
          expect(first).toMatchObject({ bytes: 200_000, tooLong: true, finished: true, end: 200_001 });
          expect(second).toMatchObject({ text: 'next', tooLong: false, end: long.length });
          return first?.text.length;
        }),
      );
      expect(texts).toEqual(Array(4).fill(Math.min(64 * 1024, maxLineBytes)));
    }
  });

  test('does not hold a line that is too long in memory', async () => {
    const piece = Buffer.alloc(1024 * 1024, 'x');
    let most = 0;
    const reader = new LineReader(
      Readable.from(
        (function* () {
          for (let n = 0; n < 300; n++) {
            most = Math.max(most, process.memoryUsage().arrayBuffers);
            yield piece;
          }
        })(),
      ),
      0,
      8 * 1024 * 1024,
    );
    const before = process.memoryUsage().arrayBuffers;
    const [line] = await readAll(reader);
    expect(line).toMatchObject({ bytes: 300 * 1024 * 1024, tooLong: true, finished: false });
    // The pieces of a few rounds until the collector comes by, not all 300.
    expect(most - before).toBeLessThan(120 * 1024 * 1024);
  });

  test('stops at about as many bytes as were asked for', async () => {
    const reader = new LineReader(Readable.from([Buffer.from('aaaa\nbbbb\ncccc\n')]), 0, 100);
    expect((await reader.read(10, 6)).map(({ text }) => text)).toEqual(['aaaa', 'bbbb']);
    expect((await reader.read(10, 6)).map(({ text }) => text)).toEqual(['cccc']);
    expect(await reader.read(10, 6)).toEqual([]);
  });

  test('passes on what the stream fails with, after the lines before it', async () => {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.from('a\nb\nc');
        throw new Error('disk failed');
      })(),
    );
    const reader = new LineReader(failing, 0, 100);
    expect(await reader.read(2, 100)).toMatchObject([{ text: 'a' }, { text: 'b' }]);
    await expect(reader.read(2, 100)).rejects.toThrow('disk failed');
  });

  test('closed, destroys its stream, and may be closed again', async () => {
    const stream = Readable.from([Buffer.from('a\nb\n'), Buffer.from('c\n')]);
    const reader = new LineReader(stream, 0, 100);
    await reader.read(1, 100);
    await reader.close();
    await reader.close();
    expect(stream.destroyed).toBe(true);
  });
});
