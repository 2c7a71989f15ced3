import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { newestAt, newsItem } from './items.ts';

/** How many items a new file begins with. */
const firstItems = 300;

/** Appends to a file of JSON lines up to the newest item; continues after its last line, no matter what wrote it. */
export function growWireFile(file: string, nowMs: number): void {
  mkdirSync(dirname(file), { recursive: true });
  const newest = newestAt('wire', nowMs);
  const last = existsSync(file) ? lastNumber(file) : null;
  const from = Math.max((last ?? 0) + 1, newest - firstItems + 1);
  const lines = Array.from({ length: Math.max(0, newest - from + 1) }, (_, index) =>
    JSON.stringify(newsItem('wire', from + index)),
  );
  if (lines.length > 0) appendFileSync(file, `${lines.join('\n')}\n`);
}

/** The number of the item on the last whole line; null if there is none. */
function lastNumber(file: string): number | null {
  const handle = openSync(file, 'r');
  try {
    const { size } = fstatSync(handle);
    const tail = Buffer.alloc(Math.min(size, 64 * 1024));
    readSync(handle, tail, 0, tail.length, size - tail.length);
    const numbers = [...tail.toString().matchAll(/"id":"wire-(\d+)"/g)];
    const text = numbers.at(-1)?.[1];
    return text === undefined ? null : Number(text);
  } finally {
    closeSync(handle);
  }
}
