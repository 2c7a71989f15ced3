import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../../src/config/environment/environment.ts';
import { environmentSecrets } from '../../../../src/config/secrets/environment-secrets.ts';
import { InvalidEnvironment } from '../../../../src/config/secrets/references.ts';
import { storeName } from '../../../../src/domain/storage/store-setting.ts';

const read = (store: string, variables: Record<string, string> = {}) =>
  readEnvironment({}, { DAYBOOK_STORE: store, ...variables }).store;
const keys = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI' };

describe('DAYBOOK_STORE', () => {
  test('as a URL of S3 is a bucket and a prefix', () => {
    expect(read('s3://news/day/book/')).toEqual({
      kind: 's3',
      bucket: 'news',
      prefix: 'day/book/',
      region: null,
      endpoint: null,
      keys: null,
      profile: null,
      proxy: null,
      caFile: null,
    });
    expect(read('s3://news')).toMatchObject({ bucket: 'news', prefix: '' });
    expect(read('S3://news/')).toMatchObject({ bucket: 'news', prefix: '' });
  });

  test.each(['s3://news', 's3://news/a', 's3://news.example/a/b=c'])('%s is its own name', (url) => {
    expect(storeName(read(url))).toBe(url);
    expect(read(storeName(read(url)))).toEqual(read(url));
  });

  test.each([
    ['gs://news/a', /expected a folder or s3:\/\/bucket\/prefix: Google Cloud Storage cannot create/],
    ['az://news/a', /expected a folder or s3:\/\/bucket\/prefix: Azure Blob Storage/],
    ['s3a://news/a', /write it as s3:\/\//],
    ['hdfs://news/a', /expected a folder or s3:\/\/bucket\/prefix$/],
    ['s3://news--use1-az4--x-s3/a', /a directory bucket does not list its objects in order/],
    ['s3://News/a', /a bucket name of small letters/],
    ['s3:///a', /a bucket name of small letters/],
    ['s3://news/a//b', /found "" in the prefix/],
    ['s3://news/a/../b', /found "\.\." in the prefix/],
    ['s3://news/a b', /found " " in the prefix/],
    [
      'https://news.s3.amazonaws.com/a?X-Amz-Signature=wJalr',
      /^DAYBOOK_STORE: found "https:\/\/…", expected(?!.*wJalr)/,
    ],
    ['s3://AKIAEXAMPLE:wJalr/a', /^DAYBOOK_STORE: found other characters, expected(?!.*wJalr)/],
    ['s3://news/a?secret=wJalr', /found "\?" in the prefix(?!.*wJalr)/],
    ['s3://key:wJalr--x-s3/a', /a directory bucket(?!.*wJalr)/],
    ['s3://AKIAEXAMPLE:wJalrXUtnFEMI@news/a', /^DAYBOOK_STORE: found credentials in the URL(?!.*wJalr)/],
  ])('%s is refused with the reason', (url, message) => {
    expect(() => read(url)).toThrow(InvalidEnvironment);
    expect(() => read(url)).toThrow(message);
  });
});

describe('the variables of AWS', () => {
  test('say how the bucket is reached', () => {
    const variables = { ...keys, AWS_SESSION_TOKEN: 'token', AWS_REGION: 'eu-west-1', AWS_CA_BUNDLE: '/etc/ca.pem' };
    expect(read('s3://news', variables)).toMatchObject({
      region: 'eu-west-1',
      keys: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI', sessionToken: 'token' },
      caFile: '/etc/ca.pem',
    });
    expect(read('s3://news', { AWS_DEFAULT_REGION: 'eu-west-2', AWS_PROFILE: 'news' })).toMatchObject({
      region: 'eu-west-2',
      profile: 'news',
      keys: null,
    });
  });

  test('name another server, which needs no region', () => {
    const found = read('s3://news', {
      AWS_ENDPOINT_URL: 'http://a.test:9000',
      AWS_ENDPOINT_URL_S3: 'https://b.test',
      SSL_CERT_FILE: '/etc/ca.pem',
    });
    expect(found).toMatchObject({ endpoint: 'https://b.test', region: 'us-east-1', caFile: '/etc/ca.pem' });
    expect(read('s3://news', { AWS_ENDPOINT_URL: 'http://a.test:9000' })).toMatchObject({
      endpoint: 'http://a.test:9000',
    });
  });

  test.each([
    [{ AWS_ENDPOINT_URL_S3: 'b.test:9000' }, /^AWS_ENDPOINT_URL_S3: not an http or https URL/],
    [{ AWS_ENDPOINT_URL: 'https://me:hunter2@b.test' }, /^AWS_ENDPOINT_URL: (?!.*hunter2)/],
    [{ AWS_ENDPOINT_URL: 'https://:hunter2@b.test' }, /^AWS_ENDPOINT_URL: (?!.*hunter2)/],
    [{ AWS_ENDPOINT_URL: 'https://b.test/#hunter2' }, /^AWS_ENDPOINT_URL: (?!.*hunter2)/],
    [{ AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE' }, /^AWS_SECRET_ACCESS_KEY: not set/],
    [{ AWS_SECRET_ACCESS_KEY: 'x' }, /^AWS_ACCESS_KEY_ID: not set/],
  ])('are refused as %j', (variables, message) => {
    expect(() => read('s3://news', variables)).toThrow(InvalidEnvironment);
    expect(() => read('s3://news', variables)).toThrow(message);
    // They may be there for other programs.
    expect(read('/srv/store', variables)).toEqual({ kind: 'directory', folder: '/srv/store' });
  });

  test('are secrets as far as they are keys', () => {
    const environment = readEnvironment({}, { DAYBOOK_STORE: 's3://news', ...keys, AWS_SESSION_TOKEN: 'token' });
    const secrets = environmentSecrets(environment, null);
    expect(secrets).toEqual(expect.arrayContaining([...Object.values(keys), 'token']));
    // Ids of other servers are words.
    const other = readEnvironment({}, { DAYBOOK_STORE: 's3://news', ...keys, AWS_ACCESS_KEY_ID: 'daybook' });
    expect(environmentSecrets(other, null)).not.toContain('daybook');
    expect(environmentSecrets(other, null)).toContain(keys.AWS_SECRET_ACCESS_KEY);
  });
});

describe('the proxy of a bucket', () => {
  const proxies = { HTTPS_PROXY: 'http://proxy.test:3128', HTTP_PROXY: 'http://plain.test:3128' };

  test('is that of its protocol', () => {
    expect(read('s3://news', proxies)).toMatchObject({ proxy: 'http://proxy.test:3128' });
    expect(read('s3://news', { ...proxies, AWS_ENDPOINT_URL: 'http://a.test' })).toMatchObject({
      proxy: 'http://plain.test:3128',
    });
  });

  test.each(['s3.eu-west-1.amazonaws.com', '.amazonaws.com', '*'])('is left out by NO_PROXY=%s', (noProxy) => {
    expect(read('s3://news', { ...proxies, NO_PROXY: noProxy, AWS_REGION: 'eu-west-1' })).toMatchObject({
      proxy: null,
    });
  });
});
