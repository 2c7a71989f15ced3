import { messageOf, WrongShape } from '../../../domain/errors.ts';
import { isObject } from '../../../domain/is-object.ts';
import { findList } from '../../proposal/find-list.ts';
import type { Header, ImportedRequest } from '../requests/imported-request.ts';
import { withoutUser } from '../requests/imported-request.ts';
import { isPrivateIp } from '../private-host.ts';
import { scalarText } from '../scalar-text.ts';

/** A request of a recording whose answer is JSON. */
export interface RecordedRequest {
  readonly request: ImportedRequest;
  /** Text of the answer. */
  readonly answer: string;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly status: number;
  /** Objects in the longest list of the answer. */
  readonly records: number;
  /** Whether the browser reached it at a private address. */
  readonly isPrivate: boolean;
}

/** What a recording holds. */
export interface Recording {
  /** Requests whose answer is JSON with a list, those with the most records first. */
  readonly requests: readonly RecordedRequest[];
  /** All requests of the recording. */
  readonly entries: number;
  /** Requests for JSON whose answer was not recorded. */
  readonly withoutBody: number;
  /** Requests with another method than GET and POST whose answer is a list. */
  readonly otherMethods: number;
}

type Tree = Readonly<Record<string, unknown>>;

/**
 * Reads a HAR file, as the network panel of a browser exports it.
 * @throws WrongShape if it is none
 */
export function readHar(text: string): Recording {
  const entries = entriesOf(text).filter(isObject);
  const found = entries.map((entry) => requestOf(entry));
  const requests = found.filter((one) => one !== null && typeof one === 'object');
  return {
    requests: requests.toSorted((a, b) => b.records - a.records),
    entries: entries.length,
    withoutBody: found.filter((one) => one === 'no body').length,
    otherMethods: found.filter((one) => one === 'other method').length,
  };
}

function entriesOf(text: string): readonly unknown[] {
  let root: unknown;
  try {
    root = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch (error) {
    throw new WrongShape(
      `init: found no JSON (${messageOf(error)}), expected a HAR file, as browsers export it from their network panel`,
    );
  }
  const log = isObject(root) ? root['log'] : undefined;
  const entries = isObject(log) ? log['entries'] : undefined;
  if (Array.isArray(entries)) return entries;
  const keys = isObject(root) ? Object.keys(root).slice(0, 3).join(', ') : 'no object';
  throw new WrongShape(`init: found ${keys === '' ? 'an empty object' : keys}, expected a HAR file with log.entries`);
}

function requestOf(entry: Tree): RecordedRequest | 'no body' | 'other method' | null {
  const { request, response } = entry;
  if (!isObject(request) || !isObject(response)) return null;
  const status = Number(response['status']);
  const url = scalarText(request['url']);
  if (!/^https?:/i.test(url) || !URL.canParse(url) || status < 200 || status >= 300) return null;
  const content = isObject(response['content']) ? response['content'] : {};
  const answer = answerOf(content);
  if (answer === null) return /json/i.test(scalarText(content['mimeType'])) ? 'no body' : null;
  const list = listIn(answer);
  if (list === null) return null;
  const method = scalarText(request['method']).toUpperCase();
  if (method !== 'GET' && method !== 'POST') return 'other method';
  const body = method === 'POST' ? bodyOf(request['postData']) : null;
  const { url: plain, basic } = withoutUser(url);
  return {
    request: { method, url: plain, headers: headersOf(request, body), body: body?.text ?? null, basic, proxy: null },
    answer,
    answerHeaders: Object.fromEntries(pairsOf(response['headers']).map(([name, value]) => [name.toLowerCase(), value])),
    status,
    records: list.items.filter(isObject).length,
    isPrivate: isPrivateIp(scalarText(entry['serverIPAddress']).replace(/^\[(.*)\]$/, '$1')),
  };
}

/** The text of an answer; null if it was not recorded. */
function answerOf(content: Tree): string | null {
  const { text, encoding } = content;
  if (typeof text !== 'string' || text === '') return null;
  return String(encoding).toLowerCase() === 'base64' ? Buffer.from(text, 'base64').toString() : text;
}

function listIn(text: string): ReturnType<typeof findList> {
  if (!/^\s*[[{]/.test(text)) return null;
  try {
    return findList(JSON.parse(text));
  } catch {
    return null;
  }
}

interface RecordedBody {
  readonly text: string;
  readonly type: string;
}

function bodyOf(data: unknown): RecordedBody | null {
  if (!isObject(data)) return null;
  const type = scalarText(data['mimeType']);
  const { text } = data;
  if (typeof text === 'string' && text !== '') return { text, type };
  const params = pairsOf(data['params']);
  return params.length === 0
    ? null
    : { text: new URLSearchParams(params.map(([name, value]): [string, string] => [name, value])).toString(), type };
}

function headersOf(request: Tree, body: RecordedBody | null): Header[] {
  const headers = pairsOf(request['headers']);
  const has = (wanted: string) => headers.some(([name]) => name.toLowerCase() === wanted);
  const cookies = pairsOf(request['cookies']).map(([name, value]) => `${name}=${value}`);
  return [
    ...headers,
    ...(has('cookie') || cookies.length === 0 ? [] : [['Cookie', cookies.join('; ')] as const]),
    ...(has('content-type') || body === null || body.type === '' ? [] : [['Content-Type', body.type] as const]),
  ];
}

function pairsOf(list: unknown): Header[] {
  if (!Array.isArray(list)) return [];
  return list
    .filter(isObject)
    .flatMap(({ name, value }) => (typeof name === 'string' ? [[name, scalarText(value)] as const] : []));
}
