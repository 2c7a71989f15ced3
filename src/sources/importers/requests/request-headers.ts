import type { Header, NameAndPassword } from './imported-request.ts';
import { isOpaque, isSecretName, isSecretText } from './secret-values.ts';
import { literal, type SecretVariables } from './secret-variables.ts';

/** What a browser or a tool adds, what belongs to one connection, and what would make an answer partial. */
const noise =
  /^(?::.*|sec-.*|accept-encoding|alt-used|baggage|cache-control|connection|content-length|device-memory|dnt|downlink|dpr|ect|expect|forwarded|host|if-.*|keep-alive|newrelic|origin|pragma|priority|proxy-.*|range|referer|rtt|save-data|sentry-trace|te|trace(?:parent|state)|trailer|transfer-encoding|upgrade.*|user-agent|via|viewport-width|width|x-b3-.*|x-client-data|x-correlation-id|x-datadog-.*|x-request-id)$/i;
/** Values of these are never secret, however they are built. */
const open = /^(?:accept|accept-language|content-type|x-requested-with|x-api-version|api-version|.*-version)$/i;

/** Headers and credentials as the configuration writes them. */
export interface RequestHeaders {
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: Readonly<Record<string, string>> | null;
  /** Of the body; null if none is named. */
  readonly contentType: string | null;
}

export function headersOf(
  headers: readonly Header[],
  basic: NameAndPassword | null,
  variables: SecretVariables,
): RequestHeaders {
  const named = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1] ?? null;
  const authorization = named('authorization');
  const credentials = authorization === null ? null : credentialsOf(authorization, variables);
  const user = authorization === null && basic !== null ? basicAuth(basic, variables) : null;
  const kept = headers.filter(([name, value]) => {
    const lower = name.toLowerCase();
    return !noise.test(name) && lower !== 'authorization' && lower !== 'content-type' && !isUsualAccept(lower, value);
  });
  const written: Record<string, string> = { ...credentials?.headers };
  for (const [name, value] of kept) {
    const key = Object.keys(written).find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
    const plain = valueOf(name, value, variables);
    written[key] =
      written[key] === undefined ? plain : `${written[key]}${/^cookie$/i.test(name) ? '; ' : ', '}${plain}`;
  }
  return { headers: written, auth: credentials?.auth ?? user, contentType: named('content-type') };
}

/** Daybook asks for JSON, and takes anything else. */
function isUsualAccept(name: string, value: string): boolean {
  return name === 'accept' && !/\bapplication\/(?!json\b|xml\b|xhtml|signed-exchange)[\w.+-]+/.test(value);
}

function valueOf(name: string, value: string, variables: SecretVariables): string {
  const isSecret = isSecretName(name) || isSecretText(value) || (!open.test(name) && isOpaque(value));
  if (!isSecret) return literal(value);
  const [, scheme = '', rest = value] = /^((?:bearer|basic|token|apikey)\s+)(\S+)$/i.exec(value) ?? [];
  return scheme + variables.replace(rest, name, `header ${name}`);
}

interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: RequestHeaders['auth'];
}

function credentialsOf(authorization: string, variables: SecretVariables): Credentials {
  const where = 'header Authorization';
  const [, scheme = '', value = ''] = /^([\w-]+)\s+(\S[\s\S]*)$/.exec(authorization) ?? [];
  if (/^bearer$/i.test(scheme) && !/\s/.test(value)) {
    return { headers: {}, auth: { type: 'bearer', token: variables.replace(value, 'TOKEN', where) } };
  }
  const pair = /^basic$/i.test(scheme) ? Buffer.from(value, 'base64').toString() : '';
  const at = pair.indexOf(':');
  if (at > 0 && !pair.includes('\ufffd')) {
    return { headers: {}, auth: basicAuth({ username: pair.slice(0, at), password: pair.slice(at + 1) }, variables) };
  }
  const isOneValue = scheme !== '' && !/[\s,]/.test(value);
  const written = isOneValue
    ? `${scheme} ${variables.replace(value, 'TOKEN', where)}`
    : variables.replace(authorization, 'AUTHORIZATION', where);
  return { headers: { Authorization: written }, auth: null };
}

/** Some APIs take their key as the user name, and no password or any. */
function basicAuth(
  { username, password }: NameAndPassword,
  variables: SecretVariables,
): Readonly<Record<string, string>> {
  const isKey = password === '' || isSecretText(username) || isOpaque(username);
  return {
    type: 'http_basic',
    username: isKey ? variables.replace(username, 'USERNAME', 'user name') : literal(username),
    password: variables.replace(password, 'PASSWORD', 'password'),
  };
}
