/** Bytes that are looked at. */
const sample = 64 * 1024;

/** The likeliest charset of bytes that are no UTF-8, for a proposal; null if nothing speaks for one. */
export function guessCharset(body: Buffer): string | null {
  const high = [...body.subarray(0, sample)].map((byte) => (byte < 0x80 ? 0 : byte));
  const total = high.filter((byte) => byte > 0).length;
  const runs = high.filter((byte, index) => byte > 0 && high[index - 1] !== undefined && high[index - 1] === 0).length;
  // In Latin languages few of them are adjacent.
  if (total <= 2 * Math.max(1, runs)) return 'windows-1252';
  const share = (from: number, to: number) => high.filter((byte) => byte >= from && byte <= to).length / total;
  // Small letters of Russian, of which most text is.
  if (share(0xe0, 0xff) > 0.7) return 'windows-1251';
  return share(0xc0, 0xdf) > 0.7 ? 'koi8-r' : null;
}
