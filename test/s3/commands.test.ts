import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, test } from 'vitest';
import { storeName } from '../../src/domain/storage/store-setting.ts';
import { runInProcess } from '../support/in-process-cli.ts';
import type { S3Server } from '../support/servers/versitygw.ts';
import { server, settingOf } from './s3-setting.ts';

const folder = mkdtempSync(join(tmpdir(), 'daybook-s3-'));
writeFileSync(
  join(folder, 'daybook.yaml'),
  'version: 1\nsources:\n  - { name: feed, type: rss, url: "https://example.com/" }\n',
);
afterAll(() => rmSync(folder, { recursive: true }));

function variablesOf(of: S3Server | null, more: Record<string, string> = {}): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    DAYBOOK_STORE: storeName(settingOf(of)),
    AWS_ENDPOINT_URL_S3: of?.endpoint ?? '',
    AWS_ACCESS_KEY_ID: of?.accessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: of?.secretAccessKey ?? '',
    ...more,
  };
}

async function storeFinding(variables: Record<string, string>): Promise<{ ok: boolean; found: string }> {
  const { stdout, stderr } = await runInProcess(['doctor', '--json'], folder, variables);
  expect(stderr).toBe('');
  const findings = JSON.parse(stdout) as { what: string; ok: boolean; found: string }[];
  return findings.find(({ what }) => what === 'store') ?? { ok: false, found: 'none' };
}

describe.skipIf(server === null)('doctor', () => {
  test('checks a bucket', async () => {
    const { ok, found } = await storeFinding(variablesOf(server));
    expect(found).toMatch(
      /^s3:\/\/daybook\/tests\/\S+ at http:\/\/127\.0\.0\.1:\d+: all rights are there, conditional writes work$/,
    );
    expect(ok).toBe(true);
  });

  test.skipIf(inject('s3WithoutConditions') === null)('refuses a bucket that ignores conditions', async () => {
    const { ok, found } = await storeFinding(variablesOf(inject('s3WithoutConditions')));
    expect(found).toMatch(/does not keep conditions: it accepted a second PUT of a key with If-None-Match/);
    expect(ok).toBe(false);
  });

  test('names wrong keys without showing them', async () => {
    const { found } = await storeFinding(variablesOf(server, { AWS_SECRET_ACCESS_KEY: 'wrong-secret-wrong' }));
    expect(found).toMatch(
      /^store: could not write s3:\/\/daybook\/tests\/.*SignatureDoesNotMatch.*check AWS_ACCESS_KEY_ID/,
    );
    expect(found).not.toMatch(/wrong-secret|daybook-tests/);
  });
});
