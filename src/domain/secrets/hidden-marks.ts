import { mask } from './redact.ts';

/** Encloses the number of a secret and of its form; occurrences in a source's text are removed first. */
export const secretMark = '\u0001';

const marked = new RegExp(`${secretMark}[^${secretMark}]+${secretMark}`, 'g');

/** For messages and displays: a text that a workflow carries, with each hidden secret shown as one. */
export function withoutMarks(text: string): string {
  return text.replaceAll(marked, mask);
}
