import { expect, test } from 'vitest';
import { SinkUnavailable } from '../../../../src/domain/errors.ts';
import type { S3Setting } from '../../../../src/domain/storage/store-setting.ts';
import { s3Failure } from '../../../../src/store/s3/s3-failure.ts';

const setting: S3Setting = {
  kind: 's3',
  bucket: 'news',
  prefix: '',
  region: 'eu-west-1',
  endpoint: null,
  keys: null,
  profile: 'daily',
  proxy: null,
  caFile: null,
};

test.each(['CredentialsProviderError', 'ProviderError', 'TokenProviderError'])(
  'a failure of what gives keys is named, and not quoted: %s',
  (name) => {
    const error = Object.assign(new Error('Command failed: get-keys --password hunter2'), { name });
    const failure = s3Failure(setting, 'list', 'state', error);
    expect(failure).toBeInstanceOf(SinkUnavailable);
    expect(failure.message).toMatch(`store: could not list s3://news/state: ${name}`);
    expect(failure.message).not.toContain('hunter2');
    expect(failure.cause).toBeUndefined();
  },
);

test('keys that were not found are named with their profile', () => {
  const error = Object.assign(new Error('no'), { name: 'CredentialsProviderError' });
  expect(s3Failure(setting, 'list', '', error).message).toMatch(/for the profile daily: set AWS_ACCESS_KEY_ID/);
});

test.each([
  [
    Object.assign(new Error('x'), { name: 'SlowDown', $metadata: { httpStatusCode: 503 } }),
    /SlowDown: x \(HTTP 503\); .*status page/,
  ],
  [
    Object.assign(new Error('x'), { name: 'UnknownError', $metadata: { httpStatusCode: 500 } }),
    /HTTP 500\); .*busy or down/,
  ],
  [
    Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }),
    /socket hang up; .*check the network, AWS_REGION/,
  ],
  [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), /ECONNREFUSED; .*cannot be reached/],
])('a service that is down, busy or out of reach is reported with what to check: %s', (error, expected) => {
  expect(s3Failure(setting, 'write', 'state', error).message).toMatch(expected);
});

test('what cannot be reached may have a wrong endpoint', () => {
  const error = Object.assign(new Error('getaddrinfo ENOTFOUND s3.lan'), { code: 'ENOTFOUND' });
  const { message } = s3Failure({ ...setting, endpoint: 'http://s3.lan' }, 'read', 'a', error);
  expect(message).toMatch(/ENOTFOUND s3\.lan; .*check the network and AWS_ENDPOINT_URL_S3$/);
});
