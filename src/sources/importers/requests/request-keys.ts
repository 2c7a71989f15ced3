import { UsageError } from '../../../domain/errors.ts';
import { bodyOf } from './request-body.ts';
import { headersOf } from './request-headers.ts';
import { withoutUser, type ImportedRequest } from './imported-request.ts';
import { isRandom, isSecretName, isSecretText } from './secret-values.ts';
import { literal, SecretVariables, type SecretVariable } from './secret-variables.ts';

export type Keys = Readonly<Record<string, unknown>>;
export type Params = Readonly<Record<string, Param>>;
type Param = string | number | readonly (string | number)[];

/** A request as keys of a source, in the order in which they are best read. */
export interface RequestKeys {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly params: Params;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: Readonly<Record<string, string>> | null;
  /** Undefined if there is none. */
  readonly body: unknown;
  readonly proxy: string | null;
  /** Its secrets, which the keys only refer to. */
  readonly variables: readonly SecretVariable[];
}

/**
 * @param name of the source
 * @throws UsageError if the address cannot be read
 */
export function requestKeys(name: string, request: ImportedRequest): RequestKeys {
  const variables = new SecretVariables(name);
  const { headers, auth, contentType } = headersOf(request.headers, request.basic, variables);
  const { url, params } = addressOf(request.url, variables);
  const found = request.body === null ? null : bodyOf(request.body, contentType, variables);
  const proxy = request.proxy === null ? null : proxyOf(request.proxy, variables);
  const again = <T>(value: T): T => withoutRepeats(value, variables) as T;
  const isPost = request.method === 'POST';
  return {
    url: again(url),
    method: request.method,
    params: again(params),
    headers: again({
      ...headers,
      ...(isPost && found !== null && found.contentType !== null ? { 'Content-Type': found.contentType } : {}),
    }),
    auth,
    body: isPost && found !== null ? again(found.body) : undefined,
    proxy,
    variables: variables.all,
  };
}

/** The keys that a source needs of them. */
export function sourceKeys({ url, method, params, headers, auth, body, proxy }: RequestKeys, isPrivate: boolean): Keys {
  return {
    url,
    ...(isPrivate ? { allow_private: true } : {}),
    ...(method === 'POST' ? { method } : {}),
    ...(Object.keys(params).length > 0 ? { params } : {}),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(auth === null ? {} : { auth }),
    ...(body === undefined ? {} : { body }),
    ...(proxy === null ? {} : { proxy }),
  };
}

function addressOf(written: string, variables: SecretVariables): { url: string; params: Params } {
  const [address = ''] = written.split('#');
  const at = address.indexOf('?');
  const [path, query] = at === -1 ? [address, ''] : [address.slice(0, at), address.slice(at + 1)];
  if (!path.startsWith('${env:') && !URL.canParse(path.replaceAll(/\$\{env:\w+\}/g, '1'))) {
    throw new UsageError('found an address that cannot be read, expected one such as https://api.example.com/items');
  }
  const params: Record<string, Param> = {};
  const flags: string[] = [];
  for (const part of query.split('&').filter((one) => one !== '')) {
    const [[key = '', value = ''] = []] = new URLSearchParams(part);
    // What is no pair, or no UTF-8, is sent as it is.
    if (!part.includes('=') || key === '' || /\ufffd/.test(key + value)) flags.push(literal(part));
    else params[key] = added(params[key], paramOf(key, value, variables));
  }
  const segments = path.split('/').map((segment) => segmentOf(segment, variables));
  return { url: segments.join('/') + (flags.length > 0 ? `?${flags.join('&')}` : ''), params };
}

function segmentOf(segment: string, variables: SecretVariables): string {
  return isSecretText(segment) ? variables.replace(segment, 'PATH_KEY', 'part of the path') : literal(segment);
}

function paramOf(name: string, value: string, variables: SecretVariables): string | number {
  if (isSecretName(name) || isSecretText(value) || (isRandom(value) && !/cursor|token|after|before/i.test(name))) {
    return variables.replace(value, name, `parameter ${name}`);
  }
  return /^(?:0|[1-9]\d{0,14})$/.test(value) ? Number(value) : literal(value);
}

function added(before: Param | undefined, value: string | number): Param {
  return before === undefined ? value : [before, value].flat();
}

function proxyOf(address: string, variables: SecretVariables): string {
  const { url, basic } = withoutUser(address);
  if (basic === null) return url;
  const user = /\/\/([^/:@]*)(?::([^/@]*))?@/.exec(address);
  const password = variables.replace(user?.[2] ?? '', 'PROXY_PASSWORD', 'password of the proxy, URL-encoded');
  return url.replace('//', () => `//${user?.[1] ?? ''}${password === '' ? '' : `:${password}`}@`);
}

/** A secret that occurs again in another place. */
function withoutRepeats(value: unknown, variables: SecretVariables): unknown {
  if (typeof value === 'string') return variables.replaceWithin(value);
  if (Array.isArray(value)) return value.map((each) => withoutRepeats(each, variables));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutRepeats(each, variables)]));
}
