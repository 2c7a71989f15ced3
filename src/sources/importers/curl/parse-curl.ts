import { UsageError } from '../../../domain/errors.ts';
import { truncate } from '../../../domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../../domain/secrets/url-secrets.ts';
import { withoutUser, type Header, type ImportedRequest, type NameAndPassword } from '../requests/imported-request.ts';
import { cmdWords, isForCmd } from './cmd-words.ts';
import { optionWords, type OptionWord } from './option-words.ts';
import { shellWords } from './shell-words.ts';

/** What a command asks for. */
export interface CurlCommand {
  readonly request: ImportedRequest;
  /** `--max-time`; null = none. */
  readonly timeoutSeconds: number | null;
  /** What is not taken over, each a sentence. */
  readonly notes: readonly string[];
}

/** Reads a file that a command names, as `-d @FILE`. */
type ReadFile = (path: string) => string;

/**
 * Reads a command as "Copy as cURL" of a browser and documents of APIs have it.
 * @throws UsageError if it is none, or asks for what a source cannot
 */
export function parseCurl(text: string, readFile: ReadFile): CurlCommand {
  const words = isForCmd(text) ? cmdWords(text) : shellWords(text);
  const start = words.findIndex((word) => !/^[$>%]$/.test(word));
  const program = words[start] ?? '';
  if (!/(?:^|[/\\])curl(?:\.exe)?$/i.test(program)) {
    const found = program === '' ? 'nothing' : `"${truncate(withoutUrlSecrets(program), 40)}"`;
    throw new UsageError(
      `--curl: found ${found}, expected a command that begins with curl, such as --curl 'curl https://api.example.com/items'`,
    );
  }
  const found = optionWords(words.slice(start + 1));
  const refused = found.find(({ option }) => option?.kind === 'refused');
  if (refused?.option?.kind === 'refused') {
    throw new UsageError(`--curl: found ${refused.written}, expected ${refused.option.expected}`);
  }
  return commandOf(found, readFile);
}

function commandOf(found: readonly OptionWord[], readFile: ReadFile): CurlCommand {
  const valuesOf = (...names: string[]) =>
    found.filter(({ name }) => names.includes(name ?? '')).map(({ value }) => value);
  const lastOf = (...names: string[]) => valuesOf(...names).at(-1);
  const data = dataOf(found, readFile);
  const isGet = found.some(({ name }) => name === 'get');
  const written = withQuery(addressOf(found), isGet && data !== null ? data : '');
  const { url, basic } = withoutUser(written);
  const body = isGet ? null : data;
  const { method, notes } = methodOf(lastOf('request'), body);
  const headers = headersOf(found, body);
  const maxTime = Number(lastOf('max-time') ?? 0);
  const user = lastOf('user');
  return {
    request: {
      method,
      url,
      headers: headers.headers,
      body,
      basic: user === undefined ? basic : userOf(user),
      proxy: proxyOf(lastOf('proxy'), lastOf('proxy-user')),
    },
    timeoutSeconds: maxTime >= 1 ? Math.min(Math.ceil(maxTime), 86_400) : null,
    notes: [...notes, ...headers.notes, ...notesOf(found)],
  };
}

function addressOf(found: readonly OptionWord[]): string {
  // An unknown option may have had a value.
  const afterUnknown = new Set(
    found.flatMap(({ name, option }, index) => (name !== null && !option ? [index + 1] : [])),
  );
  const addresses = found.flatMap(({ name, value }, index) => {
    const isAddress = name === 'url' || (name === null && (!afterUnknown.has(index) || /^https?:/i.test(value)));
    return isAddress ? [value] : [];
  });
  const [address, second] = addresses;
  if (address === undefined)
    throw new UsageError('--curl: found no address, expected one such as https://api.example.com/items');
  if (second !== undefined) {
    throw new UsageError(
      `--curl: found ${addresses.length} addresses, expected one: put each text with a space or & in quotes, or import one request at a time`,
    );
  }
  const [plain = ''] = address.split('#');
  if (/^https?:\/\//i.test(plain) || plain.startsWith('${env:')) return plain;
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(plain)?.[1];
  if (scheme !== undefined) throw new UsageError(`--curl: found an address of ${scheme}, expected http or https`);
  return `http://${plain}`;
}

function withQuery(address: string, query: string): string {
  if (query === '') return address;
  return address + (address.includes('?') ? (/[?&]$/.test(address) ? '' : '&') : '?') + query;
}

/** What is sent, joined as curl does; null if there is nothing. */
function dataOf(found: readonly OptionWord[], readFile: ReadFile): string | null {
  const parts = found.flatMap(({ name, value }) => {
    switch (name) {
      case 'data':
      case 'data-ascii':
        return [value.startsWith('@') ? fileContent(value, readFile).replaceAll(/[\r\n\0]/g, '') : value];
      case 'data-binary':
      case 'json':
        return [value.startsWith('@') ? fileContent(value, readFile) : value];
      case 'data-raw':
        return [value];
      case 'data-urlencode':
        return [encodedData(value, readFile)];
      default:
        return [];
    }
  });
  if (parts.length === 0) return null;
  return parts.join(found.some(({ name }) => name === 'json') ? '' : '&');
}

/** `content`, `=content`, `name=content`, `@file` or `name@file`. */
function encodedData(text: string, readFile: ReadFile): string {
  const [, name = '', mark = '', content = ''] = /^([^=@]*)([=@])([\s\S]*)$/.exec(text) ?? [];
  if (mark === '') return encodeURIComponent(text);
  const encoded = encodeURIComponent(mark === '@' ? fileContent(`@${content}`, readFile) : content)
    // A variable is filled in later.
    .replaceAll(/%24%7Benv%3A(\w+)%7D/g, '${env:$1}');
  return name === '' ? encoded : `${name}=${encoded}`;
}

function fileContent(value: string, readFile: ReadFile): string {
  const path = value.slice(1);
  if (path === '-')
    throw new UsageError('--curl: found data from the standard input (@-), expected the data itself or @FILE');
  return readFile(path);
}

const readers = ['GET', 'POST'];

function methodOf(
  written: string | undefined,
  body: string | null,
): Pick<CurlCommand, 'notes'> & { method: 'GET' | 'POST' } {
  const method = (written ?? (body === null ? 'GET' : 'POST')).toUpperCase();
  if (!readers.includes(method)) {
    throw new UsageError(`--curl: found the method ${truncate(method, 20)}, expected GET or POST: a source only reads`);
  }
  if (method !== 'GET' || body === null) return { method: method === 'POST' ? 'POST' : 'GET', notes: [] };
  return {
    method: 'POST',
    notes: ['the request is a GET with a body: it is sent as POST, which such APIs take as well'],
  };
}

function headersOf(found: readonly OptionWord[], body: string | null): { headers: Header[]; notes: string[] } {
  const notes: string[] = [];
  const headers: Header[] = [];
  const cookies: string[] = [];
  for (const { name, value } of found) {
    if (name === 'oauth2-bearer') headers.push(['Authorization', `Bearer ${value}`]);
    if (name === 'cookie') {
      if (value.includes('=') || value.includes('${env:')) cookies.push(value);
      else notes.push('-b names a file of cookies, which is not read: pass them as -b "name=value"');
    }
    if (name !== 'header') continue;
    const [isHeader, header = '', mark = '', content = ''] =
      /^\s*([^\s:;]+)\s*([:;])\s*([\s\S]*?)\s*$/.exec(value) ?? [];
    if (isHeader === undefined) {
      throw new UsageError(
        "--curl: found -H without a name and a colon, expected one such as -H 'Accept: application/json'",
      );
    }
    // Without a value curl leaves a header out.
    if (content !== '' || mark === ';') headers.push([header, content]);
  }
  if (cookies.length > 0) headers.push(['Cookie', cookies.join('; ')]);
  const hasType = headers.some(([name]) => name.toLowerCase() === 'content-type');
  const isJson = found.some(({ name }) => name === 'json') || isJsonText(body);
  if (body !== null && !hasType) {
    headers.push(['Content-Type', isJson ? 'application/json' : 'application/x-www-form-urlencoded']);
  }
  return { headers, notes };
}

/** Many examples leave out the header that says so. */
function isJsonText(body: string | null): boolean {
  if (body === null || !/^\s*[{[]/.test(body)) return false;
  try {
    return typeof JSON.parse(body) === 'object';
  } catch {
    return false;
  }
}

function userOf(user: string): NameAndPassword {
  const at = user.search(/:(?!\w+\})/);
  if (at === -1) throw new UsageError('--curl: found -u without a password, expected -u USER:PASSWORD');
  return { username: user.slice(0, at), password: user.slice(at + 1) };
}

function proxyOf(address: string | undefined, user: string | undefined): string | null {
  if (address === undefined || address === '') return null;
  if (/^(?!https?:)[a-z\d]+:\/\//i.test(address))
    throw new UsageError('--curl: found a proxy that is not http or https, expected -x http://HOST:PORT');
  const whole = /^https?:\/\//i.test(address) ? address : `http://${address}`;
  if (user === undefined || /\/\/[^/]*@/.test(whole)) return whole;
  const [name = '', ...password] = user.split(':');
  return whole.replace('//', () => `//${encodeURIComponent(name)}:${encodeURIComponent(password.join(':'))}@`);
}

function notesOf(found: readonly OptionWord[]): string[] {
  const noted = found.flatMap(({ option, written }) =>
    option?.kind === 'noted' ? [`${written} is ${option.note}`] : [],
  );
  const unknown = found
    .filter(({ name, option }) => name !== null && option === undefined)
    .map(({ written }) => written);
  const named = [...new Set(unknown)].join(', ');
  return [...new Set(noted), ...(named === '' ? [] : [`not known, and left out: ${named}`])];
}
