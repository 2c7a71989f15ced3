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
