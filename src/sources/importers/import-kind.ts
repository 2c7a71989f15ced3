/** A file or an answer that is imported, rather than read as records. */
export type ImportKind = 'opml' | 'openapi' | 'har';

const opml = /^\ufeff?\s*(?:<\?xml[^>]*>\s*|<!--[\s\S]*?-->\s*|<!DOCTYPE[^>]*>\s*)*<opml[\s>]/i;
const har = /^\ufeff?\s*\{\s*"log"\s*:\s*\{\s*"(?:version|creator|browser|pages|entries|comment)"/;
const openApiJson = /^\ufeff?\s*\{[\s\S]*?"(?:openapi|swagger)"\s*:\s*"[23]\.\d/;
const openApiYaml = /^(?:openapi|swagger)\s*:\s*["']?[23]\.\d/m;

/** Characters of a document that show what it is. */
export const kindLength = 65_536;

/** What the beginning of a text is; null = none of these. */
export function importKind(beginning: string): ImportKind | null {
  if (opml.test(beginning)) return 'opml';
  if (har.test(beginning)) return 'har';
  if (/^\ufeff?\s*[[{]/.test(beginning)) return openApiJson.test(beginning) ? 'openapi' : null;
  return openApiYaml.test(beginning) ? 'openapi' : null;
}
