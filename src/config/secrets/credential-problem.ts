import { secretName } from '../../domain/secrets/url-secrets.ts';
import type { Problem } from '../file/problem.ts';
import { openAuthKeys } from './secrets.ts';

const reference = '"${env:NAME}" for the variable NAME of the environment';

/** Placeholders that another tool or a person should have replaced: they are not secrets as they are. */
const placeholders: readonly (readonly [RegExp, string])[] = [
  [/^(?:\w+ )?\$[A-Z_][A-Z0-9_]*$/, `found a shell variable, which would be sent literally, expected ${reference}`],
  [/^(?:\w+ )?%[A-Z_][A-Z0-9_]*%$/, `found a Windows variable, which would be sent literally, expected ${reference}`],
  [/\{\{.*\}\}/s, `found a template, which would be sent literally, expected ${reference}`],
  [
    /^(?:\w+ )?(?:process\.env[.[]|os\.environ|ENV\[|env:|env\()/,
    `found a program variable, which would be sent literally, expected ${reference}`,
  ],
  [
    /^(?:\w+ )?<[^<>]*>$|^(?:\w+ )?(?:your|my|insert|paste)[-_ ]?.*(?:token|key|secret|password)|^(?:x{4,}|\*{3,}|changeme|todo)$/i,
    `found a placeholder for a secret, expected ${reference}`,
  ],
];

/** What is wrong with credentials written in the file itself, without showing them. */
export function credentialProblems(source: unknown, path: Problem['path']): readonly Problem[] {
  const { auth = {}, headers = {}, params = {}, url } = (source ?? {}) as Readonly<Record<string, unknown>>;
  const texts = [
    ...textsOf(auth, 'auth').filter(([, name]) => !openAuthKeys.includes(name)),
    ...textsOf(headers, 'headers'),
    ...textsOf(params, 'params'),
    ...(typeof url === 'string' ? queryOf(url).map((value) => ['url', '', value] as const) : []),
  ];
  return texts.flatMap(([where, name, value]) => {
    const message = credentialProblem(where, name, value);
    return message === null ? [] : [{ path: [...path, where, ...(name === '' ? [] : [name])], message }];
  });
}

/** The same for one value, also if it comes from the environment. */
export function credentialProblem(where: string, name: string, value: string): string | null {
  if (value === '' && where === 'auth' && ['token', 'api_key'].includes(name))
    return `found nothing, expected ${reference}`;
  if (where === 'auth' && name === 'token' && /^bearer\s/i.test(value)) {
    return 'found "Bearer" before the token, but it is added automatically; expected only the token';
  }
  if (/^authorization$/i.test(name) && /^(\w+) \1 /i.test(value)) {
    return `found "${/^\w+/.exec(value)?.[0] ?? ''}" twice before the token, expected it once`;
  }
  // References have their own problems.
  if (value.includes('${')) return null;
  const fitting = placeholders.find(([pattern]) => pattern.test(value));
  // Valid text elsewhere, but a placeholder where a secret is expected.
  const isSecret = where === 'auth' || secretName.test(name);
  return fitting === undefined || (!isSecret && fitting === placeholders.at(-1)) ? null : fitting[1];
}

function textsOf(values: unknown, where: string): (readonly [where: string, name: string, value: string])[] {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) return [];
  return Object.entries(values).flatMap(([name, value]) =>
    typeof value === 'string' ? [[where, name, value] as const] : [],
  );
}

function queryOf(url: string): string[] {
  return [...new URLSearchParams(url.split('?')[1] ?? '').values()];
}
