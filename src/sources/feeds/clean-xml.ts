import { decodeHTMLStrict } from 'entities';

/** CDATA sections and comments, to be passed over, or a named entity. */
const entity = /<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<!--[\s\S]*?(?:-->|$)|&([A-Za-z][A-Za-z0-9]{1,31});/g;
const ownEntities = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);

/**
 * XML text as a lenient parser wants it: without document type, whose entities are never expanded, and with the named
 * entities of HTML, which many feeds use without declaring them, as numbers.
 */
export function cleanXml(text: string): string {
  return withoutDoctype(text).replaceAll(entity, (found, name: string | undefined) => {
    if (name === undefined || ownEntities.has(name)) return found;
    const decoded = decodeHTMLStrict(found);
    return decoded === found ? found : [...decoded].map((character) => `&#${character.codePointAt(0)};`).join('');
  });
}

/** Takes `<!DOCTYPE … [ … ]>` out of the prolog. */
function withoutDoctype(text: string): string {
  const prolog = text.slice(0, /<[A-Za-z_]/.exec(text)?.index ?? text.length);
  const start = prolog.search(/<!DOCTYPE/i);
  if (start === -1) return text;
  let depth = 0;
  let quote = '';
  for (let index = start; index < text.length; index++) {
    const character = text.charAt(index);
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (depth > 0 && text.startsWith('<!--', index)) {
      const end = text.indexOf('-->', index);
      if (end === -1) break;
      index = end + 2;
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '[') depth++;
    else if (character === ']') depth--;
    else if (character === '>' && depth <= 0) return text.slice(0, start) + text.slice(index + 1);
  }
  // It never ends: then it ended where its quotes went wrong.
  const end = text.indexOf('>', start);
  return end === -1 ? text.slice(0, start) : text.slice(0, start) + text.slice(end + 1);
}
