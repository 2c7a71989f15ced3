/**
 * The beginning of a text for a message; one that is cut ends with `…`, which tells a redactor that the text before it may be the
 * beginning of a secret.
 */
export function truncate(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
