import fc from 'fast-check';

const [firstSurrogate, lastSurrogate, last] = [0xd800, 0xdfff, 0x10ffff];
const surrogates = lastSurrogate - firstSurrogate + 1;

/** As `unit: 'binary'`, for which each process builds a table of a million characters. */
export const anyCharacter = fc
  .nat(last - surrogates)
  .map((code) => String.fromCodePoint(code < firstSurrogate ? code : code + surrogates));
