import { clientPair } from '../../domain/secrets/client-pair.ts';
import type { HttpPlanBase, SourcePlan } from '../../domain/plan/source-plan.ts';
import { isObject } from '../../domain/is-object.ts';
import { isPem, pemText } from '../../domain/text/pem.ts';
import { sessionLiterals } from './session-secrets.ts';
import { secretName } from '../../domain/secrets/url-secrets.ts';
import { isOnlyPlaceholders } from '../../formats/template/parse-template.ts';
import {
  fillReferences,
  fillTemplateReferences,
  InvalidEnvironment,
  referencedNames,
  resolveReferences,
  valueOf,
  type LookUp,
} from './references.ts';
import { exportUrls } from '../schema/export-schema.ts';
import type { SourceConfig } from '../schema/source-schemas.ts';
import { addressOf } from './address-of.ts';

/** Keys of a source that may hold references, and parts of its plan: those that adapters use, and none that JMESPath reads. */
export const keysWithReferences = [
  ...(['url', 'params', 'headers', 'auth', 'tls', 'proxy', 'body', 'query', 'variables', 'options', 'path'] as const),
  ...(['mask_key', 'following', 'export'] as const),
] as const;

/** Keys that are filled in at each request: they may also hold placeholders such as `${cursor}`. */
export const templateKeys: readonly string[] = [
  'url',
  'params',
  'headers',
  'body',
  'query',
  'variables',
  'following',
  'export',
];

/** Whether a text in a place of a secret is none: it is empty, or taken from the environment or a page. */
function isOpen(value: string): boolean {
  return value === '' || value.includes('${env:') || isOnlyPlaceholders(value);
}

/** Keys of `auth` whose values are Daybook's own words, or public. */
export const openAuthKeys: readonly string[] = ['type', 'name', 'location', 'scope', 'client_auth', 'credentials'];

/** Whether the value at a path of the configuration may be a secret. */
export function maybeSecret(path: readonly (string | number)[]): boolean {
  return path.some((part) => typeof part === 'string' && (part === 'proxy' || secretName.test(part)));
}

/** Stands for a literal secret in the source's configuration: `${config:headers/X-Api-Key}`. */
const placeholder = /^\$\{config:([^}]*)\}$/;

/**
 * A value for a plan: a secret written into the file against the rules stays out of workflow histories. References to the
 * environment stay as they are.
 * @param place path in the source's configuration, `/` between its parts
 */
export function maskSecret(place: string, value: string): string {
  return isOpen(value) ? value : `\${config:${place}}`;
}

/** Masks the values of keys with secret names. */
export function maskLiterals<T extends string | readonly string[]>(
  where: string,
  values: Readonly<Record<string, T>>,
): Readonly<Record<string, T>> {
  return maskOptions(where, values);
}

/** The same for nested values: a request's body, a module's options. */
export function maskOptions<T>(place: string, value: T): T {
  return maskNested(place, value, false) as T;
}

function maskNested(place: string, value: unknown, isSecret: boolean): unknown {
  if (typeof value === 'string') return isSecret ? maskSecret(place, value) : value;
  if (Array.isArray(value)) return value.map((member, index) => maskNested(`${place}/${index}`, member, isSecret));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      maskNested(`${place}/${encodeURIComponent(name)}`, member, isSecret || secretName.test(name)),
    ]),
  );
}

/** Masks a URL with a literal secret among its parameters, as a whole. */
export function maskUrl(url: string, place = 'url'): string {
  return literalParameters(url).length > 0 ? maskSecret(place, url) : url;
}

/** The plan with its secrets filled in: for adapters, never for a workflow. */
export function withSecrets<P extends SourcePlan>(plan: P, source: SourceConfig, lookUp: LookUp): P {
  const filled = keysWithReferences
    .filter((part) => part in plan)
    .map((part) => {
      const isTemplate = 'templates' in plan && templateKeys.includes(part);
      const fillText = isTemplate ? fillTemplateReferences : fillReferences;
      return [part, fill(Object.entries(plan).find(([name]) => name === part)?.[1], source, lookUp, fillText)];
    });
  const secretParams = 'url' in plan ? secretParameters(plan, source) : [];
  return {
    ...withMaskKey(plan, lookUp),
    ...Object.fromEntries(filled),
    ...(secretParams.length > 0 ? { secretParams } : {}),
    ...('templates' in plan ? secretsOfTemplate(plan) : {}),
  };
}

/** What must not be sent to an address that a record gives. */
function secretsOfTemplate(plan: HttpPlanBase): Pick<HttpPlanBase, 'secretHeaders' | 'secretBody'> {
  const secretHeaders = Object.keys(plan.headers).filter((name) => holdsSecret(plan.headers[name]));
  return {
    ...(secretHeaders.length > 0 ? { secretHeaders } : {}),
    ...(holdsSecret([plan.body, plan.following?.body]) ? { secretBody: true } : {}),
  };
}

/** The plan with the key of its mask alone: for what sends no request. @throws InvalidEnvironment if it is not set, or empty */
export function withMaskKey<P extends SourcePlan>(plan: P, lookUp: LookUp): P {
  const { shaping } = plan;
  if (!shaping?.mask || shaping.mask.key === null) return plan;
  const key = fillReferences(shaping.mask.key, lookUp);
  if (key === '') throw new InvalidEnvironment(`config: ${plan.name}: mask_key is empty, expected a secret`);
  return { ...plan, shaping: { ...shaping, mask: { ...shaping.mask, key } } };
}

/** Names of query parameters that hold secrets: no record may contain them in an address. */
function secretParameters(
  { params, following }: Pick<HttpPlanBase, 'params' | 'following'>,
  source: SourceConfig,
): string[] {
  const written = addressOf(source) ?? '';
  return [
    ...[...Object.entries(params), ...Object.entries(following?.params ?? {})].flatMap(([name, value]) =>
      holdsSecret(value) ? [name] : [],
    ),
    ...[...new URLSearchParams(written.split('?')[1] ?? '')].flatMap(([name, value]) =>
      holdsSecret(value) || (secretName.test(name) && !isOnlyPlaceholders(value)) ? [name] : [],
    ),
  ];
}

/** Whether a value of a plan has a reference at any depth. */
export function holdsSecret(value: unknown): boolean {
  if (typeof value === 'string') return /\$\{(?:env|config):/.test(value);
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsSecret);
}

function fill(value: unknown, source: SourceConfig, lookUp: LookUp, fillText: typeof fillReferences): unknown {
  if (typeof value === 'string') {
    const place = placeholder.exec(value)?.[1];
    const literal = place === undefined ? value : valueAt(source, place);
    return typeof literal === 'string' ? fillText(literal, lookUp) : literal;
  }
  if (Array.isArray(value)) return value.map((member) => fill(member, source, lookUp, fillText));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, fill(member, source, lookUp, fillText)]),
  );
}

function valueAt(source: SourceConfig, place: string): unknown {
  return place
    .split('/')
    .map(decodeURIComponent)
    .reduce<unknown>((value, name) => (value as Record<string, unknown> | null | undefined)?.[name], source);
}

/** Every secret value of a source's configuration: what must never be printed. */
export function secretValues(source: SourceConfig, lookUp: LookUp): string[] {
  const literals = literalSecrets(source)
    // Of `Bearer abc` the last word is the secret.
    .flatMap((value) => [value, value.split(' ').at(-1) ?? '']);
  const referenced = referencedNames(JSON.stringify(source)).flatMap((name) => valueOf(name, lookUp) ?? []);
  const all = [...literals, ...referenced, ...basicCredentials(source, lookUp)];
  // A private key may come back line by line.
  return [
    ...all,
    ...all.filter(isPem).flatMap((text) =>
      pemText(text)
        .split('\n')
        .filter((line) => /^[\w+/=]{16,}$/.test(line)),
    ),
  ];
}

type AuthConfig = NonNullable<Extract<SourceConfig, { url: string }>['auth']>;

function isClientInHeader(auth: AuthConfig | undefined): auth is Extract<AuthConfig, { token_url: string }> {
  if (auth?.type === 'oauth2_refresh_token') return auth.client_auth === 'header';
  return auth?.type === 'oauth2_client_credentials' && (auth.client_auth ?? auth.credentials) === 'header';
}

/** The encoding of name and password in HTTP basic authentication: as secret as they are. */
function basicCredentials(source: SourceConfig, lookUp: LookUp): string[] {
  if (!('auth' in source)) return [];
  const { auth } = source;
  const filled = (value: string) => resolveReferences(value, lookUp);
  try {
    const pair =
      auth?.type === 'http_basic'
        ? `${filled(auth.username)}:${filled(auth.password)}`
        : isClientInHeader(auth)
          ? clientPair(filled(auth.client_id), filled(auth.client_secret ?? ''))
          : null;
    return pair === null ? [] : [Buffer.from(pair).toString('base64').replace(/=+$/, '')];
  } catch {
    // A variable that is not set: nothing can be sent, so nothing can come back.
    return [];
  }
}

/** Secrets written in the file itself. */
function literalSecrets(source: SourceConfig): string[] {
  const {
    params = {},
    headers = {},
    auth,
    tls,
    proxy,
    body,
    variables,
    options,
    following,
    export: job,
  } = source as Partial<Record<string, unknown>>;
  const nested = [params, headers, body, variables, options, following, job].flatMap((value) =>
    secretsWithin(value, false),
  );
  const authSecrets = Object.fromEntries(Object.entries(auth ?? {}).filter(([key]) => !openAuthKeys.includes(key)));
  const { username, password } =
    typeof proxy === 'string' && URL.canParse(proxy) ? new URL(proxy) : { username: '', password: '' };
  return [
    ...nested,
    ...(isObject(auth) && auth['type'] === 'session'
      ? sessionLiterals(auth['login'])
      : secretsWithin(authSecrets, true)),
    ...(isObject(tls) && typeof tls['key'] === 'string' && isPem(tls['key']) ? [tls['key']] : []),
    ...[addressOf(source), ...exportUrls(job)].flatMap((each) => literalParameters(each ?? '')),
    ...[username, password].filter((part) => part !== '').map(decodeURIComponent),
  ].filter((value) => !isOpen(value));
}

function secretsWithin(value: unknown, isSecret: boolean): string[] {
  if (typeof value === 'string') return isSecret && value !== '' ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => secretsWithin(member, isSecret || secretName.test(name)));
}

/** Values of a URL's parameters that are literal secrets. */
function literalParameters(url: string): string[] {
  const query = url.split('?')[1] ?? '';
  return [...new URLSearchParams(query)].flatMap(([name, value]) =>
    secretName.test(name) && !isOpen(value) ? [value] : [],
  );
}
