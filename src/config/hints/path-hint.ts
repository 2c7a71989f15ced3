import { quotedNames } from '../../formats/jmespath/path-names.ts';

/** What a path of another language would be in JMESPath, as the end of a message; an empty text where nothing is known. */
export function pathHint(text: string): string {
  const unquoted = text.replaceAll(/[“”„‟‘’‚]/g, '');
  if (unquoted !== text) return `; these are typographic quotes, which YAML does not know: ${unquoted}`;
  if (text.includes('${')) return '; references do not work in paths';
  if (/^\.?\/\//.test(text)) return '; this is XPath, which does not read JSON: write the keys with dots between them';
  if (text.startsWith('$..') || text.includes('..'))
    return '; JMESPath has no .. as JSONPath does: write the whole path';
  if (text.includes('?(@')) return "; a filter is written without ( ) and @: items[?state == 'open']";
  const translated = translate(text);
  if (translated !== text && isPlainPath(translated)) return `; in JMESPath: ${inYaml(translated)}`;
  if (/^[a-z_]\w*\(/i.test(text)) return '';
  if (text.endsWith('.')) return `; without the dot at its end: ${inYaml(text.replace(/\.+$/, ''))}`;
  const quoted = quotedNames(text);
  return quoted === text
    ? ''
    : `; put a name with characters other than letters, digits and _ in quotes: ${inYaml(quoted)}`;
}

/** As a value of the file: text with double quotes is written in single quotes. */
function inYaml(expression: string): string {
  return expression.includes('"') ? `'${expression}'` : expression;
}

function translate(text: string): string {
  return text
    .replace(/^\$\.?(?=[\w["'])/, '')
    .replace(/^\.(?=\w)/, '')
    .replace(/^\/(?=\w)/, '')
    .replaceAll(/(?<=\w)(?:->|\/)(?=\w)/g, '.')
    .replaceAll(/\[['"]([^'"\]]+)['"]\]/g, (_, name: string) => `.${/^[A-Za-z_]\w*$/.test(name) ? name : `"${name}"`}`)
    .replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]')
    .replaceAll(/\[\](?=$)/g, '');
}

function isPlainPath(text: string): boolean {
  return /^(?:[A-Za-z_]\w*|"[^"]+")(?:\.(?:[A-Za-z_]\w*|"[^"]+")|\[(?:\d+|\*|)\])*$/.test(text);
}
