/**
 * Marks bytes in decoded text that are invalid in the charset, up to the extraction of records. It is a lone surrogate: no text can
 * hold it, JSON keeps it, and where a record is repaired it becomes U+FFFD. A U+FFFD of the source stays apart from it. Of all
 * surrogates it is one that no emoji and hardly any other character ends with.
 */
export const badByte = '\ude6e';

/** How often bytes of a text could not be decoded. */
export function countBadBytes(text: string): number {
  // The quick test is enough for nearly all texts.
  return text.isWellFormed() ? 0 : (text.match(badBytes)?.length ?? 0);
}

/** How many characters of a text are not ASCII; the sign of bad bytes is none. */
export function countOtherCharacters(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    // The second half of a pair counts with the first.
    if (unit > 0x7f && (unit < 0xdc00 || unit > 0xdfff)) count++;
  }
  return count;
}

/** Matches the sign where it stands alone, not as a half of a character. */
const badBytes = new RegExp(badByte, 'gu');
