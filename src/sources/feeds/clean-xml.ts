import { decodeHTMLStrict } from 'entities';

/** CDATA sections and comments (skipped), a named entity, a `<` that begins nothing, or two halves of a character. */
const unclean =
  /<!\[CDATA\[[\s\S]*?(?:\]\]>|$)|<!--[\s\S]*?(?:-->|$)|&([A-Za-z][A-Za-z0-9]{1,31});|(<(?=[^\p{L}_:/!?]))|&#(x?[\da-f]{4,5});&#(x?[\da-f]{4,5});/giu;
const ownEntities = new Set(['amp', 'lt', 'gt', 'quot', 'apos']);

/**
 * XML text as a lenient parser wants it: without document type, whose entities are never expanded, and with the named
 * entities of HTML, which many feeds use without declaring them, as numbers. `I <3 you` has no tag, and a character that is written
 * as two surrogates is one.
 */
export function cleanXml(text: string): string {
  return withoutDoctype(text).replaceAll(
    unclean,
    (found, name?: string, less?: string, high?: string, low?: string) => {
      if (less !== undefined) return '&lt;';
      if (high !== undefined && low !== undefined) return paired(high, low) ?? found;
      if (name === undefined || ownEntities.has(name)) return found;
      const decoded = decodeHTMLStrict(found);
      return decoded === found ? found : [...decoded].map((character) => `&#${character.codePointAt(0)};`).join('');
    },
  );
}

/** The character of two surrogate halves; null if they are not a pair. */
function paired(high: string, low: string): string | null {
  const [first, second] = [high, low].map((digits) => Number(digits.replace(/^x/i, '0x')));
  const pair = String.fromCharCode(first ?? 0, second ?? 0);
  return isHigh(first) && pair.isWellFormed() ? pair : null;
}

function isHigh(unit: number | undefined): boolean {
  return unit !== undefined && unit >= 0xd800 && unit <= 0xdbff;
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
