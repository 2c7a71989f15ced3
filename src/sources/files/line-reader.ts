import type { Readable } from 'node:stream';
import { utf8Lines, type LineText } from './line-text.ts';
import type { OpenReader } from './record-reader.ts';

/** A line of a file. */
export interface Line {
  /** Without its newline; the beginning only, where it was too long. */
  readonly text: string;
  /** Bytes of the whole line. */
  readonly bytes: number;
  readonly tooLong: boolean;
  /** False for a last line that no newline ends. */
  readonly finished: boolean;
  /** Offset of the byte after the line and its newline. */
  readonly end: number;
}

/** How much of a line that is too long is kept at the most. */
const maxKeptBytes = 64 * 1024;

/**
 * Splits a stream of bytes into lines, some at a time. A line over the limit is never held in memory: its beginning is
 * kept, the rest counted and dropped.
 */
export class LineReader implements OpenReader {
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #maxLineBytes: number;
  readonly #keptOfLongLine: number;
  #text: LineText;
  /** Bytes read from the stream but not yet given out. */
  #rest: Buffer = Buffer.alloc(0);
  /** Of a line that is too long: how many bytes were dropped so far. */
  #long: { readonly start: Buffer; bytes: number } | null = null;
  #offset: number;
  #ended = false;

  /** @param offset where in the content the stream begins */
  constructor(stream: Readable, offset: number, maxLineBytes: number, text: LineText = utf8Lines) {
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    this.#offset = offset;
    this.#maxLineBytes = maxLineBytes;
    this.#text = text;
    // Never more than is read when a line turns out too long: the same is kept however the stream is cut.
    this.#keptOfLongLine = Math.min(maxKeptBytes, maxLineBytes);
  }

  /** Offset of the first byte not given out yet. */
  get offset(): number {
    return this.#offset;
  }

  /** Where the text of a line ends, without its newline and the carriage returns before it. */
  textEndOf({ text, tooLong, end, finished }: Line): number {
    const unit = this.#text.newline.length;
    const returns = tooLong ? 0 : text.length - lengthWithoutReturns(text);
    return end - (returns + (finished ? 1 : 0)) * unit;
  }

  /** The next bytes, about this many or all that are left, without consuming them. */
  async peek(bytes: number): Promise<Buffer> {
    while (!this.#ended && this.#rest.length < bytes) await this.#pull();
    return this.#rest;
  }

  /** Decodes what comes next in this way. */
  readAs(text: LineText): void {
    this.#text = text;
  }

  /** The next lines, at most `maxLines` and about `maxBytes`; none at the end. */
  async read(maxLines: number, maxBytes: number): Promise<Line[]> {
    const lines: Line[] = [];
    const stopAt = this.#offset + maxBytes;
    while (lines.length < maxLines && this.#offset < stopAt) {
      const line = this.#takeLine();
      if (line) lines.push(line);
      else if (this.#ended) {
        const last = this.#takeRest();
        if (last) lines.push(last);
        break;
      } else await this.#readChunk();
    }
    return lines;
  }

  /** Skips everything before an offset. */
  async skipTo(offset: number): Promise<void> {
    while (this.#offset < offset) {
      const dropped = Math.min(this.#rest.length, offset - this.#offset);
      this.#rest = this.#rest.subarray(dropped);
      this.#offset += dropped;
      if (this.#offset < offset) {
        if (this.#ended) return;
        await this.#pull();
      }
    }
  }

  async close(): Promise<void> {
    this.#stream.destroy();
    await this.#chunks.return?.().catch(() => undefined);
  }

  #takeLine(): Line | null {
    const end = this.#newlineIn(this.#rest);
    return end === -1 ? null : this.#emit(end, true);
  }

  #takeRest(): Line | null {
    return this.#rest.length === 0 && !this.#long ? null : this.#emit(this.#rest.length, false);
  }

  /** Gives out the first `length` bytes of the rest, together with what was dropped before them. */
  #emit(length: number, finished: boolean): Line {
    const bytes = (this.#long?.bytes ?? 0) + length;
    const tooLong = bytes > this.#maxLineBytes;
    const start =
      this.#long?.start ?? this.#rest.subarray(0, tooLong ? Math.min(length, this.#keptOfLongLine) : length);
    const text = this.#text.decode(start);
    const ending = finished ? this.#text.newline.length : 0;
    this.#rest = this.#rest.subarray(length + ending);
    this.#long = null;
    this.#offset += bytes + ending;
    return { text, bytes, tooLong, finished, end: this.#offset };
  }

  async #readChunk(): Promise<void> {
    await this.#pull();
    if ((this.#long || this.#rest.length > this.#maxLineBytes) && this.#newlineIn(this.#rest) === -1) this.#dropRest();
  }

  /** Where a line ends; a code unit of two or four bytes begins at a multiple of that, from the start of the content. */
  #newlineIn(bytes: Buffer): number {
    const { newline } = this.#text;
    let found = bytes.indexOf(newline);
    if (newline.length === 1) return found;
    const start = this.#offset + (this.#long?.bytes ?? 0);
    while (found !== -1 && (start + found) % newline.length !== 0) found = bytes.indexOf(newline, found + 1);
    return found;
  }

  async #pull(): Promise<void> {
    const next = await this.#chunks.next();
    if (next.done === true) this.#ended = true;
    else this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
  }

  #dropRest(): void {
    this.#long ??= { start: Buffer.from(this.#rest.subarray(0, this.#keptOfLongLine)), bytes: 0 };
    // Half a code unit stays: the rest begins at a whole one.
    const dropped = this.#rest.length - (this.#rest.length % this.#text.newline.length);
    this.#long.bytes += dropped;
    this.#rest = this.#rest.subarray(dropped);
  }
}

/** A line without the carriage returns at its end: some programs write two before each newline. */
export function withoutReturns(text: string): string {
  const length = lengthWithoutReturns(text);
  return length === text.length ? text : text.slice(0, length);
}

function lengthWithoutReturns(text: string): number {
  let length = text.length;
  while (text.charCodeAt(length - 1) === 13) length--;
  return length;
}
