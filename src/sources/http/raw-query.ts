/**
 * Queries as they are written. `URLSearchParams` rewrites a whole query if one parameter is set (`%20` becomes `+`, `$` becomes
 * `%24`), and a server that checks a signature over it refuses it then.
 */

/** What may be in a request as it is; the rest is left to `URL`. */
const sendable = /^[\x21\x24-\x3b\x3d\x3f-\x7e]*$/;

/** The query of an address as it is written, with its `?`; empty if there is none. */
export function rawQuery(address: string, url: URL): string {
  const written = /^[^#?]*(\?[^#]*)/.exec(address.trim())?.[1];
  return written !== undefined && sendable.test(written) ? written : url.search;
}

/** The whole address with its query as it is written, without fragment. */
export function rawAddress(address: string, url: URL): string {
  const query = rawQuery(address, url);
  const bare = new URL(url);
  [bare.search, bare.hash] = ['', ''];
  return `${bare.href}${query}`;
}

/**
 * Sets a parameter: the first of its name is replaced, further ones are taken out, all others stay as they are.
 * @param value one, or the values of a parameter that comes several times
 */
export function setParameter(address: string, name: string, value: string | readonly string[]): string {
  const set = [value].flat().map((each) => new URLSearchParams([[name, each]]).toString());
  const [path, query] = splitOnce(address, '?');
  const parts = query === '' ? [] : query.split('&');
  const first = parts.findIndex((part) => nameOf(part) === name);
  const kept = parts.flatMap((part, index) => (index === first ? set : nameOf(part) === name ? [] : [part]));
  return `${path}?${(first === -1 ? [...kept, ...set] : kept).join('&')}`;
}

function nameOf(part: string): string {
  const [[name = ''] = []] = new URLSearchParams(part);
  return name;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
