import { type AST, RegExpParser } from '@eslint-community/regexpp';

/** Reads a pattern as `new RegExp(source, 'u')` takes it; null if it is not one, or nests too deep to be read. */
export function parsePattern(source: string): AST.Pattern | null {
  try {
    return new RegExpParser().parsePattern(source, 0, source.length, { unicode: true });
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return null;
    throw error;
  }
}
