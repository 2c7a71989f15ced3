import { resolve } from 'node:path';
import type { S3Keys, S3Setting, StoreSetting } from '../../domain/storage/store-setting.ts';
import { routeOf, type ProxySettings } from '../../formats/proxy-route.ts';
import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';

/** Why a store of another kind cannot be used, by the scheme of its URL. */
const refusals: Readonly<Record<string, string>> = {
  gs: 'Google Cloud Storage cannot create an object conditionally through its S3 interface',
  az: 'Azure Blob Storage has an interface of its own, which Daybook does not speak',
  abfs: 'Azure Blob Storage has an interface of its own, which Daybook does not speak',
  s3a: 'write it as s3://',
  s3n: 'write it as s3://',
};

const expected = 'expected a folder or s3://bucket/prefix';
/** What a key may have between its slashes without being escaped on its way. */
const segment = /^[\w!.*'()=-]+$/;

/**
 * Where the store is, as `DAYBOOK_STORE` and the variables of AWS say.
 * @param dataFolder where it is if nothing is set
 * @throws InvalidEnvironment
 */
export function storeSetting(lookUp: LookUp, dataFolder: string, proxies: ProxySettings): StoreSetting {
  const text = lookUp('DAYBOOK_STORE') || '';
  if (text === '') return { kind: 'directory', folder: dataFolder };
  return namedStore('DAYBOOK_STORE', text, lookUp, proxies);
}

/**
 * Where a store is that is named by a text.
 * @param name what names it, for messages
 * @throws InvalidEnvironment
 */
export function namedStore(name: string, text: string, lookUp: LookUp, proxies: ProxySettings): StoreSetting {
  const [, scheme] = /^([a-z][a-z\d+.-]+):\/\//i.exec(text) ?? [];
  if (scheme === undefined) return { kind: 'directory', folder: resolve(text) };
  if (text.includes('@')) {
    throw new InvalidEnvironment(
      `${name}: found credentials in the URL, expected s3://bucket/prefix; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead`,
    );
  }
  if (scheme.toLowerCase() === 's3') return s3Setting(name, text, lookUp, proxies);
  const why = refusals[scheme.toLowerCase()];
  // The rest of a URL may hold a password or a signature.
  throw new InvalidEnvironment(`${name}: found "${scheme}://…", ${expected}${why === undefined ? '' : `: ${why}`}`);
}

function s3Setting(name: string, text: string, lookUp: LookUp, proxies: ProxySettings): S3Setting {
  const [bucket = '', ...segments] = text.slice('s3://'.length).replace(/\/+$/, '').split('/');
  if (bucket.endsWith('--x-s3')) {
    throw new InvalidEnvironment(
      `${name}: found a name that ends with "--x-s3", expected a general purpose bucket: a directory bucket does not list its objects in order`,
    );
  }
  if (!/^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(bucket)) {
    throw new InvalidEnvironment(
      `${name}: found ${/^[\w.-]*$/.test(bucket) ? `"${bucket}"` : 'other characters'}, expected s3://bucket/prefix with a bucket name of small letters, digits, dots and hyphens`,
    );
  }
  const wrong = segments.find((part) => !segment.test(part) || /^\.{1,2}$/.test(part));
  if (wrong !== undefined) {
    throw new InvalidEnvironment(
      `${name}: found "${/[^\w!.*'()=-]/.exec(wrong)?.[0] ?? wrong}" in the prefix, expected letters, digits and !-_.*'()= between single slashes`,
    );
  }
  return { ...bucketSetting(bucket, lookUp, proxies), prefix: segments.map((part) => `${part}/`).join('') };
}

/** How a bucket is reached, as the variables of AWS say. @throws InvalidEnvironment */
export function bucketSetting(bucket: string, lookUp: LookUp, proxies: ProxySettings): S3Setting {
  const region = lookUp('AWS_REGION') || lookUp('AWS_DEFAULT_REGION') || null;
  const endpoint = endpointOf(lookUp);
  const address = endpoint ?? `https://${bucket}.s3.${region === null ? '' : `${region}.`}amazonaws.com`;
  return {
    kind: 's3',
    bucket,
    prefix: '',
    // A server of one's own has a region only because requests are signed for one.
    region: region ?? (endpoint === null ? null : 'us-east-1'),
    endpoint,
    keys: keysOf(lookUp),
    profile: lookUp('AWS_PROFILE') || null,
    proxy: routeOf(new URL(address), null, proxies).proxy,
    caFile: lookUp('AWS_CA_BUNDLE') || lookUp('SSL_CERT_FILE') || null,
  };
}

function endpointOf(lookUp: LookUp): string | null {
  for (const name of ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) {
    const text = lookUp(name);
    if (!text) continue;
    const url = URL.canParse(text) ? new URL(text) : null;
    const more = url === null ? [] : [url.username, url.password, url.search, url.hash];
    if (url && /^https?:$/.test(url.protocol) && more.every((part) => part === '')) return text;
    // It may hold a password.
    throw new InvalidEnvironment(
      `${name}: not an http or https URL without user name, password and parameters, expected e.g. https://s3.example.com`,
    );
  }
  return null;
}

function keysOf(lookUp: LookUp): S3Keys | null {
  const [accessKeyId, secretAccessKey] = [lookUp('AWS_ACCESS_KEY_ID') || '', lookUp('AWS_SECRET_ACCESS_KEY') || ''];
  if (accessKeyId === '' && secretAccessKey === '') return null;
  const missing = accessKeyId === '' ? 'AWS_ACCESS_KEY_ID' : secretAccessKey === '' ? 'AWS_SECRET_ACCESS_KEY' : null;
  if (missing === null) return { accessKeyId, secretAccessKey, sessionToken: lookUp('AWS_SESSION_TOKEN') || null };
  throw new InvalidEnvironment(`${missing}: not set, expected both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`);
}
