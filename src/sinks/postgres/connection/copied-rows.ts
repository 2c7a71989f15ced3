import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { textOf, wholeLines } from '../../../formats/whole-lines.ts';

/** Rows handed on at a time, unless they are large. */
const rowsPerRead = 1_000;
const charactersPerRead = 4 * 1024 * 1024;

/**
 * The rows of a query as texts, some at a time, by COPY: without round trips, and at a third of the time that other results take. The
 * connection does nothing else meanwhile.
 * @param query without parameters
 */
export async function* copiedRows(client: Client, query: string): AsyncGenerator<(string | null)[][]> {
  const stream = client.query(copyTo(`copy (${query}) to stdout`)) as AsyncIterable<Buffer>;
  let isComplete = false;
  try {
    let rows: (string | null)[][] = [];
    let size = 0;
    for await (const lines of wholeLines(stream)) {
      // Each row that COPY sends ends with a newline.
      if (lines === null) continue;
      size += lines.length;
      // A newline within a value is escaped.
      for (let at = 0; at < lines.length;) {
        const to = lines.indexOf('\n', at);
        rows.push(lines.slice(at, to).split('\t').map(valueOf));
        at = to + 1;
      }
      if (rows.length < rowsPerRead && size < charactersPerRead) continue;
      yield rows;
      rows = [];
      size = 0;
    }
    isComplete = true;
    if (rows.length > 0) yield rows;
  } finally {
    // Nothing else can be asked before all rows have come.
    if (!isComplete) void client.end().catch(() => undefined);
  }
}

const backslash = 0x5c;
/** What letters stand for behind a backslash: b, f, n, r, t and v. */
const controls: Readonly<Record<number, number>> = {
  0x62: 0x08,
  0x66: 0x0c,
  0x6e: 0x0a,
  0x72: 0x0d,
  0x74: 0x09,
  0x76: 0x0b,
};

/** Escapes are undone in bytes: a string that is made of as many pieces as it has escapes takes a hundred times as long. */
function valueOf(cell: string): string | null {
  if (!cell.includes('\\')) return cell;
  if (cell === '\\N') return null;
  const bytes = Buffer.from(cell);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes[at] ?? 0;
    if (byte === backslash) {
      byte = bytes[++at] ?? 0;
      byte = controls[byte] ?? byte;
    }
    bytes[length++] = byte;
  }
  return textOf(bytes.subarray(0, length));
}
