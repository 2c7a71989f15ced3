import { isAscii } from 'node:buffer';

const newline = 0x0a;

/**
 * Text up to the last newline of each piece; null if the last line has none, or where a line is too long.
 * @param maxLine bytes that a line may have
 */
export async function* wholeLines(
  bytes: AsyncIterable<Buffer> | Iterable<Buffer>,
  maxLine = Infinity,
): AsyncGenerator<string | null> {
  let pending: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(newline) + 1;
    if (end === 0) {
      pending.push(chunk);
      size += chunk.length;
      if (size > maxLine) yield null;
      continue;
    }
    size = chunk.length - end;
    const lines = chunk.subarray(0, end);
    yield textOf(pending.length === 0 ? lines : Buffer.concat([...pending, lines]));
    pending = end === chunk.length ? [] : [chunk.subarray(end)];
  }
  if (pending.length > 0) yield null;
}

/** Most pieces are ASCII, which needs no decoding. */
export function textOf(bytes: Buffer): string {
  return bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8');
}
