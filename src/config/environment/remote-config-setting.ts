import { resolve } from 'node:path';
import { isObjectUrl, splitObjectUrl } from '../../domain/storage/object-files.ts';
import type { S3Setting } from '../../domain/storage/store-setting.ts';
import { InvalidEnvironment, lookUpIn, type LookUp } from '../secrets/references.ts';
import { openDotEnv } from './dot-env.ts';
import type { EnvironmentOptions } from './environment.ts';
import { namedInstance } from './instance-name.ts';
import { proxiesOf } from './proxies.ts';
import { bucketSetting } from './store-setting.ts';

/** A configuration in a bucket, as the command line or the environment names it. */
export interface RemoteConfigSetting {
  readonly url: string;
  readonly bucket: (name: string) => S3Setting;
  /** Whether the environment says which instance this is: else the file may. */
  readonly namesInstance: boolean;
}

/** Where the configuration is if it is in a bucket, else null. A `.env` is that of the working directory. @throws InvalidEnvironment */
export function remoteConfigSetting(
  options: EnvironmentOptions,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): RemoteConfigSetting | null {
  const own = lookUpIn(variables);
  const url = options.config ?? (options.demo ? '' : own('DAYBOOK_CONFIG') || '');
  if (!isObjectUrl(url)) return null;
  const parts = splitObjectUrl(url);
  const names = parts?.key.split('/') ?? [];
  if (names.length === 0 || names.some((name) => ['', '.', '..'].includes(name))) {
    const from = options.config === undefined ? 'DAYBOOK_CONFIG' : '--config';
    throw new InvalidEnvironment(`${from}: found "${url}", expected e.g. s3://bucket/path/daybook.yaml`);
  }
  const dotEnv = openDotEnv(resolve('daybook.yaml'));
  const lookUp: LookUp = (name) => own(name) ?? lookUpIn(dotEnv())(name);
  return {
    url,
    bucket: (name) => bucketSetting(name, lookUp, proxiesOf(lookUp)),
    namesInstance: namedInstance(lookUp) !== null,
  };
}
