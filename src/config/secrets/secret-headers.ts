import { credentialProblem } from './credential-problem.ts';
import { headerValueProblem } from '../../domain/text/header-value.ts';
import { resolveReferences, type LookUp } from './references.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';

/** What is wrong with headers of a source once its secrets are filled in, as `key: problem`. */
export function secretHeaderProblems(source: SourceConfig, lookUp: LookUp): readonly string[] {
  if (!('headers' in source)) return [];
  const { headers, auth } = source;
  const values = [
    ...Object.entries(headers).map(([name, value]) => [`headers.${name}`, value] as const),
    ...(auth?.type === 'bearer' ? [['auth.token', auth.token] as const] : []),
    ...(auth?.type === 'api_key' && auth.location !== 'query' ? keysOf(auth) : []),
    ...(auth?.type === 'session' ? loginHeaders(auth.login.headers) : []),
  ];
  return values.flatMap(([key, value]) => {
    const filled = resolveReferences(value, lookUp);
    const [where = '', name = ''] = key.split('.');
    const isCookie = where === 'auth' && auth?.type === 'api_key' && auth.location === 'cookie';
    const problem =
      headerValueProblem(filled) ?? (isCookie ? cookieProblem(filled) : null) ?? credentialProblem(where, name, filled);
    return problem === null ? [] : [`${key}: ${problem}`];
  });
}

type KeyAuth = Extract<NonNullable<Extract<SourceConfig, { url: string }>['auth']>, { type: 'api_key' }>;

function keysOf({ api_key: key, api_keys: keys = [] }: KeyAuth): (readonly [string, string])[] {
  return [
    ...(key === undefined ? [] : [['auth.api_key', key] as const]),
    ...keys.map((text, index) => [`auth.api_keys[${index}]`, text] as const),
  ];
}

function loginHeaders(headers: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(headers).map(([name, value]) => [`auth.login.headers.${name}`, value] as const);
}

/** What a cookie cannot carry (RFC 6265, 4.1.1), without the value. */
function cookieProblem(value: string): string | null {
  const position = value.search(/[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/);
  if (position === -1) return null;
  return `found a character at position ${position + 1} that a cookie cannot have, such as a blank, a comma or a semicolon; expected it encoded as the API says`;
}
