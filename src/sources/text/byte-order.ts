/** The charset that a byte order mark names, and the bytes that it takes. */
export function byteOrderMark(head: Buffer): { readonly charset: string; readonly bytes: number } | null {
  return marks.find(({ mark }) => head.subarray(0, mark.length).equals(mark)) ?? null;
}

/** The longer ones first: two of them begin alike. */
const marks = [
  { charset: 'utf-8', mark: [0xef, 0xbb, 0xbf] },
  { charset: 'utf-32le', mark: [0xff, 0xfe, 0, 0] },
  { charset: 'utf-32be', mark: [0, 0, 0xfe, 0xff] },
  { charset: 'utf-16le', mark: [0xff, 0xfe] },
  { charset: 'utf-16be', mark: [0xfe, 0xff] },
].map(({ charset, mark }) => ({ charset, mark: Buffer.from(mark), bytes: mark.length }));

/**
 * Two or four bytes a character, by where the zeros are beside the first two of a document: `<`, a bracket or a blank, and
 * mostly something of ASCII. A zero alone is a slip in a text of single bytes.
 */
export function wideCharset([a, b, c, d]: Buffer): string | null {
  if (isFirst(a) && b === 0) return c === 0 && d === 0 ? 'utf-32le' : (d ?? 0) === 0 ? 'utf-16le' : null;
  if (a === 0 && isFirst(b)) return (c ?? 0) === 0 ? 'utf-16be' : null;
  return a === 0 && b === 0 && c === 0 && isFirst(d) ? 'utf-32be' : null;
}

function isFirst(byte: number | undefined): boolean {
  return byte !== undefined && byte !== 0 && '<{[" \t\r\n'.includes(String.fromCharCode(byte));
}
