/**
 * What bytes mean in windows-1252, which "iso-8859-1" and "ascii" stand for on the web. `TextDecoder` of Node.js 20 reads
 * 0x80 to 0x9f as control characters: no euro sign, quotation marks or dashes. iconv-lite has U+FFFD for the five of them that
 * have no letter, where the Encoding Standard keeps them.
 */
export function decodeWindows1252(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (letter) => highLetters[letter.charCodeAt(0) - 0x80] ?? letter);
}

/** The letters of 0x80 to 0x9f; those that have none stay as they are. */
const highLetters = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
