import { parseDocument, type Document, type LineCounter } from 'yaml';
import type { Problem } from './problem.ts';
import { misreadings } from './yaml-meaning.ts';

/** A YAML (or JSON) text as it is read everywhere. */
export function openYaml(text: string, lineCounter?: LineCounter): Document {
  const options = { prettyErrors: false, merge: true, logLevel: 'error' } as const;
  return parseDocument(text, lineCounter === undefined ? options : { ...options, lineCounter });
}

/** What a document without errors stands for. */
export function plainValue(document: Document): { readonly value: unknown; readonly problem: Problem | null } {
  try {
    const value: unknown = document.toJS();
    // An alias inside its own anchor makes a value that contains itself, which cannot be used.
    JSON.stringify(value);
    return { value, problem: null };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { value: null, problem: { message: `not valid YAML: ${why}`, path: [], line: 1 } };
  }
}

/** The value of a text; null where it has an error, whatever that is. */
export function yamlValue(text: string): unknown {
  const document = openYaml(text);
  const isFaulty = text.includes('\0') || document.errors.length > 0 || misreadings(document).length > 0;
  return isFaulty ? null : plainValue(document).value;
}
