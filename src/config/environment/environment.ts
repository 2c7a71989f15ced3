import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { codecKeys, type CodecKey } from './codec-keys.ts';
import { deploymentSetting, type DeploymentSetting } from './deployment-setting.ts';
import { openDotEnv } from './dot-env.ts';
import { fairnessFlag, flag } from './flag.ts';
import { memoryTarget } from './memory-target.ts';
import { labelsIn } from './labels.ts';
import { proxiesOf } from './proxies.ts';
import { isObjectUrl } from '../../domain/storage/object-files.ts';
import { remoteConfigOf } from '../file/remote-files.ts';
import type { ProxySettings } from '../../formats/proxy-route.ts';
import { hostNames, httpSetting, type HttpSetting } from './http-setting.ts';
import { namedInstance } from './instance-name.ts';
import { ownerSettings, postgresSettings, type PostgresSettings } from './postgres-settings.ts';
import { bucketSetting, storeSetting } from './store-setting.ts';
import { tokenKey } from './token-key.ts';
import type { S3Setting, StoreSetting } from '../../domain/storage/store-setting.ts';
import { InvalidEnvironment, lookUpIn, type LookUp } from '../secrets/references.ts';

/** Everything that the environment decides. Read from `process.env` here, and for child processes in `child-environment.ts`. */
export interface Environment {
  /** Null if `PG_HOST` is not set. */
  readonly postgres: PostgresSettings | null;
  /** For migrations and maintenance: `PG_OWNER_*` at `PG_DIRECT_*`, else the same as `postgres`. */
  readonly owner: PostgresSettings | null;
  /** Named prepared statements; `PG_PREPARE=off` for poolers that do not know them. */
  readonly prepare: boolean;
  /** `TEMPORAL_ADDRESS`, or null. The rest of `TEMPORAL_*` is read by `temporal-settings.ts`. */
  readonly temporalAddress: string | null;
  /** What payloads are encrypted with on their way to Temporal; secrets. Empty = they are not. */
  readonly codecKeys: readonly CodecKey[];
  /** `DAYBOOK_KEY`: what refresh tokens are encrypted with in the store, a secret; null = it is not set. */
  readonly tokenKey: Uint8Array | null;
  /** The worker deployment that workers belong to; null = none. */
  readonly deployment: DeploymentSetting | null;
  /** Whether the server gets fairness keys; null = only an embedded one. */
  readonly fairness: boolean | null;
  /** `DAYBOOK_INSTANCE`, or null: then the configuration may say it, see `readInstance`. */
  readonly instance: string | null;
  /** `TEMPORAL_UI_URL`: the Web UI of an external server; null = unknown. */
  readonly temporalUi: string | null;
  readonly configFile: string;
  /** CSV parts. */
  readonly dataFolder: string;
  /** Spool, state, receipts, dead letters. */
  readonly store: StoreSetting;
  /** How another bucket is reached. Throws InvalidEnvironment. */
  readonly bucket: (name: string) => S3Setting;
  /** State of the embedded stack. */
  readonly homeFolder: string;
  /** `DAYBOOK_ACCEPT_NEW_STORE`: joins a store and a database that do not belong together. */
  readonly acceptNewStore: boolean;
  /** Whether commands may start the embedded stack. */
  readonly embedded: boolean;
  /** Null = no HTTP endpoint. */
  readonly http: HttpSetting | null;
  /** Names by which the HTTP endpoint may be asked, besides addresses and `localhost`; in lower case. */
  readonly httpHosts: readonly string[];
  readonly logLevel: string;
  /** `DAYBOOK_MEMORY_TARGET`, between 0 and 1; null = a worker takes a fixed number of tasks. */
  readonly memoryTarget: number | null;
  /** `DAYBOOK_LABELS`: sources with one of them as `runs_on` are fetched by the workers that have it. */
  readonly labels: readonly string[];
  /** Where alerts are posted, a secret; null = nowhere. */
  readonly alertWebhook: string | null;
  /** Proxies for fetching: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, in lower case too. */
  readonly proxies: ProxySettings;
  /** Where files shared by all homes are kept, such as a built Temporal server. */
  readonly cacheFolder: string;
  /** The variables themselves, those of `.env` included. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Without those of `.env`: for a worker, which reads that file itself. */
  readonly ownVariables: Readonly<Record<string, string | undefined>>;
  /** Looks up what `${env:NAME}` stands for, in `.env` as it is now. */
  readonly lookUp: LookUp;
}

export interface EnvironmentOptions {
  /** `--config` */
  readonly config?: string | undefined;
  /** `--demo`: the demo's own home, configuration and data. */
  readonly demo?: boolean | undefined;
}

/**
 * Reads the environment. Variables of a `.env` beside the configuration file count where the environment has none.
 * @throws InvalidEnvironment
 */
export function readEnvironment(
  options: EnvironmentOptions,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const own = lookUpIn(variables);
  const demoHome = resolve(own('DAYBOOK_HOME') || '.daybook', 'demo');
  const named =
    options.config ?? (options.demo ? join(demoHome, 'daybook.yaml') : own('DAYBOOK_CONFIG') || 'daybook.yaml');
  const configFile = isObjectUrl(named) ? copyOf(named) : resolve(named);
  // Secrets are not kept in the bucket.
  const dotEnv = openDotEnv(isObjectUrl(named) ? resolve('daybook.yaml') : configFile);
  const lookUp: LookUp = (name) => own(name) ?? lookUpIn(dotEnv())(name);
  const homeFolder = options.demo ? demoHome : resolve(lookUp('DAYBOOK_HOME') || '.daybook');
  const dataFolder = options.demo ? join(homeFolder, 'data') : resolve(lookUp('DAYBOOK_DATA') || 'data');
  const proxies = proxiesOf(lookUp);
  const postgres = postgresSettings(lookUp);
  return {
    postgres,
    owner: postgres && ownerSettings(postgres, lookUp),
    prepare: flag(lookUp, 'PG_PREPARE'),
    temporalAddress: lookUp('TEMPORAL_ADDRESS') || null,
    codecKeys: codecKeys(lookUp),
    tokenKey: tokenKey(lookUp),
    deployment: deploymentSetting(lookUp),
    fairness: fairnessFlag(lookUp),
    instance: namedInstance(lookUp),
    temporalUi: webUi(lookUp('TEMPORAL_UI_URL')),
    configFile,
    dataFolder,
    store: options.demo ? { kind: 'directory', folder: dataFolder } : storeSetting(lookUp, dataFolder, proxies),
    bucket: (name) => bucketSetting(name, lookUp, proxies),
    homeFolder,
    embedded: flag(lookUp, 'DAYBOOK_EMBEDDED'),
    acceptNewStore: flag(lookUp, 'DAYBOOK_ACCEPT_NEW_STORE', 'off'),
    http: httpSetting(lookUp('DAYBOOK_HTTP')),
    httpHosts: hostNames('DAYBOOK_HTTP_HOSTS', lookUp('DAYBOOK_HTTP_HOSTS') || ''),
    logLevel: logLevel(lookUp('LOG_LEVEL') || 'info'),
    labels: labelsIn(lookUp('DAYBOOK_LABELS') || ''),
    memoryTarget: memoryTarget(lookUp),
    proxies,
    alertWebhook: webhook(lookUp('DAYBOOK_ALERT_WEBHOOK')),
    cacheFolder: join(userCache(own), 'daybook'),
    variables: { ...dotEnv(), ...variables },
    ownVariables: variables,
    lookUp,
  };
}

/** The copy of a configuration in a bucket: each command makes it before it reads the environment. */
function copyOf(url: string): string {
  const copy = remoteConfigOf(url);
  if (copy) return copy.file;
  throw new InvalidEnvironment(`DAYBOOK_CONFIG: found ${url}, expected a file; it is read by commands only`);
}

/** The folder for caches on this system. */
function userCache(lookUp: LookUp): string {
  const given = lookUp('XDG_CACHE_HOME');
  if (given) return resolve(given);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return lookUp('LOCALAPPDATA') || join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}

function webUi(text: string | undefined): string | null {
  if (!text) return null;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) && new URL(text).username === '') {
    return text.replace(/\/+$/, '');
  }
  throw new InvalidEnvironment(
    'TEMPORAL_UI_URL: not an http or https URL without a user name, expected e.g. https://temporal.example.com',
  );
}

function webhook(text: string | undefined): string | null {
  if (!text) return null;
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidEnvironment(
    'DAYBOOK_ALERT_WEBHOOK: not an http or https URL, expected e.g. https://hooks.example.com/daybook',
  );
}

function logLevel(text: string): string {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];
  if (levels.includes(text.toLowerCase())) return text.toLowerCase();
  throw new InvalidEnvironment(`LOG_LEVEL: found "${text}", expected ${levels.join(', ')}`);
}
