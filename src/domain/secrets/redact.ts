/** Replaces secrets in a text, however they are encoded. */
export type Redact = (text: string) => string;

/** For texts that involve no source, and so no secret. */
export const nothingSecret: Redact = (text) => text;

export const mask = '[redacted]';

/** Values under so many characters are not secrets, replacing them would garble every message. */
const minLength = 4;

/** Makes a redactor. It knows secrets also as URLs, JSON and base64 write them, and where a text was cut within one. */
export function createRedactor(secrets: Iterable<string>): Redact {
  const forms = new Set([...secrets].filter((secret) => secret.length >= minLength).flatMap(formsOf));
  const longestFirst = [...forms].sort((a, b) => b.length - a.length);
  return (text) =>
    withoutBeginnings(
      longestFirst.reduce((redacted, form) => redacted.replaceAll(form, mask), text),
      longestFirst,
    );
}

function formsOf(secret: string): string[] {
  const plain = new Set([secret, ...inUrls(secret.toWellFormed())]);
  const urls = [...plain].flatMap((form) => [form, inSmallHex(form)]);
  const written = urls.flatMap((form) => [...inJson(form), form.replaceAll('/', '\\/')]);
  return [...written, inAscii(secret), inMarkup(secret), ...inBase64(secret)].filter(
    (form) => form.length >= minLength,
  );
}

/** Some programs write `%2f`, not `%2F`. */
export function inSmallHex(form: string): string {
  return form.replaceAll(/%[\dA-F]{2}/g, (escape) => escape.toLowerCase());
}

/** JSON of which each character beyond ASCII is escaped. */
function inAscii(text: string): string {
  const json = JSON.stringify(text).slice(1, -1);
  return json.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function inMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Hosts are in small letters; paths, parameters and user names each escape other characters. */
function inUrls(secret: string): string[] {
  const url = new URL('http://h/');
  url.pathname = secret;
  url.search = secret;
  url.username = secret;
  const [path, query] = [url.pathname.slice(1), url.search.slice(1)];
  const parameter = new URLSearchParams([['', secret]]).toString().slice(1);
  const host = /^[a-z\d.-]+$/i.test(secret) ? secret.toLowerCase() : secret;
  return [encodeURIComponent(secret), parameter, path, query, url.username, host];
}

/** JSON may be nested in JSON text: a cursor in a request, in a line of the log. */
function inJson(text: string, depth = 3): string[] {
  return depth === 0 ? [text] : [text, ...inJson(JSON.stringify(text).slice(1, -1), depth - 1)];
}

function inBase64(secret: string): string[] {
  // Shorter ones would match by chance.
  const within = writingsInBase64(secret).filter((form) => form.length >= 8);
  return [
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(secret).toString('base64url'),
    ...within,
  ];
}

/**
 * Within something longer, such as `user:password` or JSON, it depends on the place of the first byte; in the usual alphabet, in that of
 * URLs, and encoded in one.
 */
export function writingsInBase64(secret: string): string[] {
  const within = [secret, JSON.stringify(secret).slice(1, -1)].flatMap((text) =>
    [0, 1, 2].map((before) => {
      const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]);
      return bytes.toString('base64').slice(before === 0 ? 0 : before + 1, Math.floor((bytes.length * 4) / 3));
    }),
  );
  const urlSafe = within.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...within, ...urlSafe, ...within.map(encodeURIComponent)];
}

/** Takes beginnings of secrets away that are before a cut (see `truncate`). */
function withoutBeginnings(text: string, forms: readonly string[]): string {
  if (!text.includes('…')) return text;
  const parts = text.split('…');
  return parts.map((part, index) => (index < parts.length - 1 ? withoutBeginning(part, forms) : part)).join('…');
}

function withoutBeginning(part: string, forms: readonly string[]): string {
  const longest = forms.reduce((most, form) => Math.max(most, lengthOfBeginning(part, form)), 0);
  return longest < minLength ? part : part.slice(0, -longest) + mask;
}

/** How much of the beginning of a form the text ends with. */
function lengthOfBeginning(text: string, form: string): number {
  for (let length = form.length - 1; length >= minLength; length--) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/**
 * The beginning of a text for a message; one that is cut ends with `…`, which tells a redactor that the text before it may be the
 * beginning of a secret.
 */
export function truncate(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
