import { withoutUrlSecrets } from '../../domain/secrets/url-secrets.ts';
import { isObject } from '../../domain/is-object.ts';
import { isPem } from '../../domain/text/pem.ts';
import { isSecretName, secretNameToo } from './secret-name.ts';
import { textBeside } from '../../formats/template/parse-template.ts';
import { openAuthKeys } from './secrets.ts';

/** A secret written in the configuration itself. */
export interface LiteralSecret {
  /** Where: `auth.token`. */
  readonly place: string;
  readonly value: string;
}

/** Keys of a source below which a name like `token` says that its value is a secret. Elsewhere it is the name of a field. */
const secretKeys = ['params', 'headers', 'body', 'variables', 'options', 'following', 'export'];

/** Keys of `auth` that hold no secret. */
const openInAuth = [...openAuthKeys, 'client_id', 'token_url', 'username'];

const references = /(?:\$\{env:[A-Za-z_][A-Za-z0-9_]*\})+/g;

/**
 * Literal secrets of a source as it is written, `defaults` already inherited. Stricter than the masking of plans: a configuration
 * that is copied elsewhere should rather have one secret too many masked.
 */
export function literalSecretsOf(source: Readonly<Record<string, unknown>>): LiteralSecret[] {
  const { auth, tls } = source;
  return [
    ...Object.entries(source).flatMap(([key, value]) => [
      ...(secretKeys.includes(key) ? named(key, value, false) : []),
      ...inAddresses(key, value),
    ]),
    ...(isObject(auth) ? authSecrets(auth) : []),
    ...(isObject(tls) ? keyOf(tls) : []),
  ];
}

/** A private key itself, not the path of its file. */
function keyOf({ key }: Readonly<Record<string, unknown>>): LiteralSecret[] {
  return typeof key === 'string' && isPem(key) ? [{ place: 'tls.key', value: key }] : [];
}

function authSecrets(auth: Readonly<Record<string, unknown>>): LiteralSecret[] {
  if (auth['type'] === 'session') return loginSecrets(auth['login']);
  const { username, password } = auth;
  const secrets = Object.entries(auth).filter(([key]) => !openInAuth.includes(key));
  // Some APIs take their key as the user name, and no password.
  const isKey = password === '';
  return named('auth', Object.fromEntries([...secrets, ...(isKey ? [['username', username]] : [])]), true);
}

/** What a login sends under other names is no secret: a header such as `Content-Type`, a user name. */
function loginSecrets(login: unknown): LiteralSecret[] {
  if (!isObject(login)) return [];
  const { headers, body } = login;
  return [
    ...named('auth.login.headers', headers, false),
    ...named('auth.login.body', body, false),
    ...inAddresses('auth.login', login),
  ];
}

function named(place: string, value: unknown, isSecret: boolean): LiteralSecret[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) =>
      named(`${place}.${name}`, member, isSecret || isSecretName(name)),
    );
  }
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  // A short number under such a name is a limit: `max_tokens: 4096`.
  if (!isSecret || text === '' || isReference(text) || (typeof value === 'number' && text.length < 6)) return [];
  return [{ place, value: text }];
}

/** Texts that hold an address, a form or JSON with a secret in it. */
function inAddresses(place: string, value: unknown): LiteralSecret[] {
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([name, member]) => inAddresses(`${place}.${name}`, member));
  }
  if (typeof value !== 'string') return [];
  const open = `?${textBeside(value)}`
    // Of user and password, the password is the secret.
    .replaceAll(/(\/\/)[^\s/?#"'<>:@]*:(?:\$\{env:[A-Za-z_][A-Za-z0-9_]*\})+@/g, '$1')
    .replaceAll(references, '')
    .replaceAll(/\/\/:?@/g, '//');
  const parameters = [...open.matchAll(/[?&;]([^\s?&;=#"'<>]+)=[^\s&;#"'<>]/g)];
  const isNamed = parameters.some(([, name = '']) => secretNameToo.test(name));
  const isOpen = withoutUrlSecrets(open) === open && !isNamed && !hasSecretMember(open);
  return isOpen ? [] : [{ place, value }];
}

/** Whether a text is JSON, or looks like it, with a secret under its name. */
function hasSecretMember(text: string): boolean {
  return [...text.matchAll(/["']([^"'\s]+)["']\s*:\s*["'][^"']+["']/g)].some(([, name = '']) => isSecretName(name));
}

/** Whether a text takes all that is secret in it from the environment: `Bearer ${env:TOKEN}`, `id=${env:ID}; key=${env:KEY}`. */
function isReference(text: string): boolean {
  const rest = textBeside(text).replaceAll(references, '');
  if (rest === text) return false;
  const without = rest.replace(/^\s*[A-Za-z]+\s+/, '').replaceAll(/[A-Za-z_][\w-]*=/g, '');
  return /^[\s;,:"'&]*$/.test(without);
}
