import { afterEach, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import { openS3, usualTimeouts } from '../../src/store/s3/s3-client.ts';
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts';
import { describeBlobStore } from '../support/blob-store-contract.ts';
import { server, settingOf } from './s3-setting.ts';

let store: S3Store;
beforeEach(() => {
  store = createS3Store(settingOf(server));
});

describe.skipIf(server === null)('a bucket', () => {
  describeBlobStore('a bucket', () => store);

  describe('asked as AWS is, with checksums', () => {
    beforeEach(() => {
      vi.stubEnv('AWS_ENDPOINT_URL_S3', server?.endpoint ?? '');
      store = createS3Store({ ...settingOf(server), endpoint: null });
    });
    afterEach(() => vi.unstubAllEnvs());
    describeBlobStore('it', () => store);
  });

  test('passes the check of its rights, and is left empty', async () => {
    const setting = settingOf(server);
    const tried = createS3Store(setting);
    await tried.checkRights();
    await tried.prove();
    const { sdk, client, at } = await openS3(setting, usualTimeouts);
    const { Bucket, Key: Prefix } = at('');
    expect((await client.send(new sdk.ListObjectsV2Command({ Bucket, Prefix }))).KeyCount).toBe(0);
  });

  test('is asked once whether it keeps conditions', async () => {
    await Promise.all([store.prove(), store.prove(), store.putIfAbsent('a', '')]);
    expect(await store.list('')).toEqual(['a']);
  });
});

describe.skipIf(inject('s3WithoutConditions') === null)('a bucket that ignores conditions', () => {
  const ignoring = () => createS3Store(settingOf(inject('s3WithoutConditions')));
  const refusal = /^DAYBOOK_STORE: s3:\/\/daybook\/tests\/.* does not keep conditions: it accepted .* expected 412;/;

  test('is refused, with what it did', async () => {
    await expect(ignoring().prove()).rejects.toThrow(refusal);
    await expect(ignoring().prove()).rejects.toMatchObject({ type: 'UsageError', next: 'never' });
  });

  test('gets no conditional write, although it was not checked at the start', async () => {
    const opened = ignoring();
    await expect(opened.putIfAbsent('a', '')).rejects.toThrow(refusal);
    await expect(opened.putStreamIfAbsent('b', (async function* () {})())).rejects.toThrow(refusal);
    expect(await opened.list('')).toEqual([]);
  });
});
