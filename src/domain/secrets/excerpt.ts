/**
 * The beginning of a text for a message; one that is cut ends with `…`, by which a redactor knows that what stands before it
 * may be the beginning of a secret.
 */
export function truncate(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
