import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { S3Setting } from '../../src/domain/storage/store-setting.ts';
import type { S3Server } from '../support/servers/versitygw.ts';

/** The server of these tests; null = they are skipped. */
export const server = inject('s3');

/** A store below a prefix of its own. */
export function settingOf(of: S3Server | null, endpoint = of?.endpoint ?? null): S3Setting {
  return {
    kind: 's3',
    bucket: of?.bucket ?? '',
    prefix: `tests/${randomUUID()}/`,
    region: 'us-east-1',
    endpoint,
    keys: {
      accessKeyId: of?.accessKeyId ?? '',
      secretAccessKey: of?.secretAccessKey ?? '',
      sessionToken: null,
    },
    profile: null,
    proxy: null,
    caFile: null,
  };
}
