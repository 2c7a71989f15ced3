/** Whether a text is a certificate or a key itself, and not the path of a file with one. */
export function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}

/** A PEM text as libraries read it: a variable of the environment often has `\n` instead of lines. */
export function pemText(text: string): string {
  return text.replaceAll(String.raw`\n`, '\n');
}
