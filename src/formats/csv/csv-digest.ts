import { createHash } from 'node:crypto';
import type { CsvDigest } from '../../domain/storage/archive.ts';

const quote = 0x22;
const newline = 0x0a;

/**
 * Hashes and counts a CSV in passing: a line ends where a newline is outside quotes. Ids may hold newlines, so lines alone say
 * nothing.
 */
export class CsvDigester {
  readonly #hash = createHash('sha256');
  #lines = 0;
  #quoted = false;

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    // A doubled quote opens and closes, or closes and opens: both come out right.
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === quote) this.#quoted = !this.#quoted;
      else if (byte === newline && !this.#quoted) this.#lines++;
    }
  }

  /** Rows so far, without the header. */
  get rows(): number {
    return Math.max(0, this.#lines - 1);
  }

  /** The digest of all that was added. Its header is not counted. */
  finish(): CsvDigest {
    return { rows: this.rows, sha256: this.#hash.digest('hex') };
  }
}

/** Reads a CSV to its end. */
export async function digestCsv(csv: AsyncIterable<Uint8Array>): Promise<CsvDigest> {
  const digester = new CsvDigester();
  for await (const chunk of csv) digester.add(chunk);
  return digester.finish();
}
