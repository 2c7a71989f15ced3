import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { wholeLines } from '../../../formats/whole-lines.ts';

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

const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

function valueOf(cell: string): string | null {
  if (!cell.includes('\\')) return cell;
  if (cell === '\\N') return null;
  // JSON has no other escapes. What `replaceAll` gives of many is a string of as many small ones, which takes ten times as long.
  return cell.split('\\\\').map(otherEscapes).join('\\');
}

function otherEscapes(text: string): string {
  return text.includes('\\') ? text.replaceAll(/\\(.)/g, (_, code: string) => controls[code] ?? code) : text;
}
