import { keySecrets } from '../environment/codec-keys.ts';
import type { Environment } from '../environment/environment.ts';
import type { LookUp } from './references.ts';
import type { TemporalSettings } from '../environment/temporal-settings.ts';

/** Secrets of the environment that no source refers to: what must never be printed. */
export function environmentSecrets(environment: Environment, temporal: TemporalSettings | null): string[] {
  const { postgres, owner, alertWebhook, proxies, codecKeys, tokenKey } = environment;
  const { apiKey, metadata = {} } = temporal?.connection ?? {};
  return [
    postgres?.password,
    owner?.password,
    apiKey,
    ...keySecrets([...codecKeys, ...(tokenKey === null ? [] : [{ bytes: tokenKey }])]),
    ...Object.values(metadata).map(String),
    ...keysOfBuckets(environment.lookUp),
    ...[proxies.httpProxy, proxies.httpsProxy].flatMap((url) => (url === undefined ? [] : userInfoOf(url))),
    ...(alertWebhook === null ? [] : [alertWebhook, ...partsOfWebhook(alertWebhook)]),
  ].filter((secret) => secret !== undefined);
}

/** Of the store, and of sources. */
function keysOfBuckets(lookUp: LookUp): (string | undefined)[] {
  const [accessKeyId, secretAccessKey, sessionToken] = [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
  ].map((name) => lookUp(name) || undefined);
  // The id alone opens nothing, and elsewhere it may be a word such as the name of this program.
  const ofAws = accessKeyId !== undefined && /^A[A-Z0-9]{15,}$/.test(accessKeyId) ? accessKeyId : undefined;
  // With the token of a container it asks for its keys.
  return [ofAws, secretAccessKey, sessionToken, lookUp('AWS_CONTAINER_AUTHORIZATION_TOKEN')];
}

function userInfoOf(url: string): string[] {
  const { username, password } = new URL(url);
  return [username, password].map(decodeURIComponent);
}

/** A webhook's address is its only protection: each part after its host is a secret too. */
function partsOfWebhook(address: string): string[] {
  const url = new URL(address);
  const segments = url.pathname.split('/').filter((segment) => segment.length >= 12);
  return [...userInfoOf(address), url.pathname.slice(1), ...segments, ...url.searchParams.values()];
}
