import { WrongShape } from '../../domain/errors.ts';
import type { Located } from './places/file-place.ts';
import { localPlace } from './places/local-place.ts';

/** How files begin that are compressed, or archives. */
const kinds = [
  { kind: 'gzip', start: '1f8b08' },
  { kind: 'ZIP (as .xlsx files are, too)', start: '504b0304' },
  { kind: 'ZIP', start: '504b0506' },
  { kind: 'Zstandard', start: '28b52ffd' },
  { kind: 'Zstandard', start: '5.2a4d18' },
  { kind: 'bzip2', start: '425a68..(?:314159265359|177245385090)' },
  { kind: 'xz', start: 'fd377a585a00' },
  { kind: '7z', start: '377abcaf271c' },
  { kind: 'LZ4', start: '04224d18' },
  { kind: 'lzip', start: '4c5a495001' },
  { kind: 'RAR', start: '526172211a07' },
  { kind: 'a workbook of Excel (.xls)', start: 'd0cf11e0a1b11ae1' },
  { kind: 'Parquet', start: '5041523115' },
].map(({ kind, start }) => ({ kind, start: new RegExp(`^${start}`) }));

/** Enough to tell them. */
const headBytes = 16;

/**
 * Whether a file is gzip, by its first bytes. A file with that name that is not text counts as damaged gzip.
 * @throws WrongShape if it is compressed in another way: there are no lines to read
 */
export async function isGzip(subject: string, { path, at = localPlace }: Located): Promise<boolean> {
  const head = await at.read(path, 0, headBytes);
  const found = compressionOf(head);
  if (found === 'gzip') return true;
  // A download may have been unpacked without a change of its name.
  if (found === null) return /\.gz$/i.test(path) && !isText(head);
  throw new WrongShape(
    `file: ${subject}: found ${found} in ${path}, expected text or gzip; unpack it, or save it as text`,
  );
}

/** How a body is compressed, or of which kind of archive or binary file it is, by its first bytes; null = none of them. */
export function compressionOf(head: Buffer): string | null {
  const text = head.toString('hex');
  return kinds.find(({ start }) => start.test(text))?.kind ?? null;
}

function isText(head: Buffer): boolean {
  const text = head.toString().replaceAll(/[\t\r\n]/g, ' ');
  return /^[\ufeff -~]/.test(text) && !/\p{Cc}/u.test(text);
}
