/** Which characters of a header's value a request cannot carry, without the value, which may be a secret; null = none. */
export function headerValueProblem(value: string): string | null {
  const found = /[^\t\x20-\x7e\x80-\xff]/u.exec(value);
  if (!found) return null;
  const code = (found[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `found the character U+${code} at position ${found.index + 1}, expected those of latin-1 on one line`;
}
