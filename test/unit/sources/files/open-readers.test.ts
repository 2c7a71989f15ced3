import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { LineReader } from '../../../../src/sources/files/line-reader.ts';
import { OpenReaders } from '../../../../src/sources/files/open-readers.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

function open(offset: number) {
  const stream = Readable.from([Buffer.from('line\n'.repeat(10))]);
  return { stream, reader: new LineReader(stream, offset, 100) };
}

describe('OpenReaders', () => {
  test('returns a reader to its run if its offset matches, once', async () => {
    const readers = new OpenReaders<LineReader>();
    const { reader, stream } = open(10);
    readers.keep('run', reader);
    expect(await readers.take('other', 10)).toBeNull();
    expect(await readers.take('run', 10)).toBe(reader);
    expect(await readers.take('run', 10)).toBeNull();
    vi.advanceTimersByTime(600_000);
    expect(stream.destroyed).toBe(false);
  });

  test('closes a reader that is further ahead', async () => {
    const readers = new OpenReaders<LineReader>();
    const { reader, stream } = open(10);
    readers.keep('run', reader);
    expect(await readers.take('run', 0)).toBeNull();
    expect(stream.destroyed).toBe(true);
  });

  test('advances a reader that is behind: another worker has continued meanwhile', async () => {
    const readers = new OpenReaders<LineReader>();
    const { reader } = open(10);
    readers.keep('run', reader);
    const moved = await readers.take('run', 25);
    expect(moved).toBe(reader);
    expect(await moved?.read(1, 100)).toMatchObject([{ text: 'line', end: 30 }]);
  });

  test('closes an unused reader', async () => {
    const readers = new OpenReaders<LineReader>();
    const { reader, stream } = open(10);
    readers.keep('run', reader);
    vi.advanceTimersByTime(600_000);
    expect(stream.destroyed).toBe(true);
    expect(await readers.take('run', 10)).toBeNull();
  });

  test('closes every reader that it was given, also where two attempts of a run kept one each', async () => {
    const readers = new OpenReaders<LineReader>();
    const kept = [open(10), open(20), open(30)];
    readers.keep('run', kept[0]!.reader);
    readers.keep('run', kept[1]!.reader);
    readers.keep('other', kept[2]!.reader);
    await readers.closeAll();
    expect(kept.map(({ stream }) => stream.destroyed)).toEqual([true, true, true]);
    expect(await readers.take('other', 30)).toBeNull();
  });

  test('keeps the later reader of two attempts open for its own time', async () => {
    const readers = new OpenReaders<LineReader>();
    const [first, second] = [open(10), open(20)];
    readers.keep('run', first.reader);
    vi.advanceTimersByTime(100_000);
    readers.keep('run', second.reader);
    vi.advanceTimersByTime(30_000);
    expect(await readers.take('run', 20)).toBe(second.reader);
    expect(first.stream.destroyed).toBe(true);
  });
});
