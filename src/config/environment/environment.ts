import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import { openDotEnv } from './dot-env.ts';
import { namedInstance } from './instance.ts';
import { InvalidEnvironment, lookUpIn, type LookUp } from '../secrets/references.ts';

/** How to reach a PostgreSQL database. */
export interface PostgresSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string;
  readonly sslMode: SslMode;
  /** PEM files: the authorities whose certificates are trusted instead of the usual ones, and this client's own. */
  readonly sslFiles?: SslFiles;
  readonly schema: string;
}

export interface SslFiles {
  readonly rootCert?: string;
  /** With `key`, or neither. */
  readonly cert?: string;
  readonly key?: string;
}

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** Everything that the environment decides. Read from `process.env` here, and for child processes in `child-environment.ts`. */
export interface Environment {
  /** Null where `PG_HOST` is not set. */
  readonly postgres: PostgresSettings | null;
  /** For migrations and maintenance: `PG_OWNER_*` at `PG_DIRECT_*`, else the same as `postgres`. */
  readonly owner: PostgresSettings | null;
  /** Named prepared statements; `PG_PREPARE=off` for poolers that do not know them. */
  readonly prepare: boolean;
  /** `TEMPORAL_ADDRESS`, or null. The rest of `TEMPORAL_*` is read by `temporal-settings.ts`. */
  readonly temporalAddress: string | null;
  /** `DAYBOOK_INSTANCE`, or null: then the configuration may say it, see `readInstance`. */
  readonly instance: string | null;
  /** `TEMPORAL_UI_URL`: the Web UI of a server of one's own; null = unknown. */
  readonly temporalUi: string | null;
  readonly configFile: string;
  /** CSV parts. */
  readonly dataFolder: string;
  /** Spool, state, receipts, dead letters. */
  readonly storeFolder: string;
  /** State of the embedded stack. */
  readonly homeFolder: string;
  /** `DAYBOOK_ACCEPT_NEW_STORE`: takes a store and a database together that do not belong together. */
  readonly acceptNewStore: boolean;
  /** Whether commands may start the embedded stack. */
  readonly embedded: boolean;
  /** Null = no HTTP endpoint. */
  readonly http: HttpSetting | null;
  /** Names by which the HTTP endpoint may be asked, besides addresses and `localhost`; in lower case. */
  readonly httpHosts: readonly string[];
  readonly logLevel: string;
  /** Where alerts are posted, a secret; null = nowhere. */
  readonly alertWebhook: string | null;
  /** Proxies for fetching: `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, in lower case too. */
  readonly proxies: {
    readonly httpProxy?: string;
    readonly httpsProxy?: string;
    readonly noProxy?: string;
  };
  /** Where things go that are made once for all homes, such as a built Temporal server. */
  readonly cacheFolder: string;
  /** The variables themselves, those of `.env` included. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Without those of `.env`: for a worker, which looks there itself. */
  readonly ownVariables: Readonly<Record<string, string | undefined>>;
  /** Looks up what `${env:NAME}` stands for, in `.env` as it stands now. */
  readonly lookUp: LookUp;
}

/** Where the status page and the metrics are. */
export interface HttpSetting {
  readonly host: string;
  readonly port: number;
  /** Nobody has chosen it: where it is taken, the next free port is as good. */
  readonly isDefault: boolean;
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
  const configFile = resolve(
    options.config ?? (options.demo ? join(demoHome, 'daybook.yaml') : own('DAYBOOK_CONFIG') || 'daybook.yaml'),
  );
  const dotEnv = openDotEnv(configFile);
  const lookUp: LookUp = (name) => own(name) ?? lookUpIn(dotEnv())(name);
  const homeFolder = options.demo ? demoHome : resolve(lookUp('DAYBOOK_HOME') || '.daybook');
  const dataFolder = options.demo ? join(homeFolder, 'data') : resolve(lookUp('DAYBOOK_DATA') || 'data');
  const store = options.demo ? '' : lookUp('DAYBOOK_STORE') || '';
  if (store.startsWith('s3://')) {
    throw new InvalidEnvironment(`DAYBOOK_STORE: found "${store}", but s3:// is not available yet; leave it unset`);
  }
  const postgres = postgresSettings(lookUp);
  return {
    postgres,
    owner: postgres && ownerSettings(postgres, lookUp),
    prepare: flag(lookUp, 'PG_PREPARE'),
    temporalAddress: lookUp('TEMPORAL_ADDRESS') || null,
    instance: namedInstance(lookUp),
    temporalUi: webUi(lookUp('TEMPORAL_UI_URL')),
    configFile,
    dataFolder,
    storeFolder: store === '' ? dataFolder : resolve(store),
    homeFolder,
    embedded: flag(lookUp, 'DAYBOOK_EMBEDDED'),
    acceptNewStore: flag(lookUp, 'DAYBOOK_ACCEPT_NEW_STORE', 'off'),
    http: httpSetting(lookUp('DAYBOOK_HTTP')),
    httpHosts: hostNames('DAYBOOK_HTTP_HOSTS', lookUp('DAYBOOK_HTTP_HOSTS') || ''),
    logLevel: logLevel(lookUp('LOG_LEVEL') || 'info'),
    proxies: proxies(lookUp),
    alertWebhook: webhook(lookUp('DAYBOOK_ALERT_WEBHOOK')),
    cacheFolder: join(userCache(own), 'daybook'),
    variables: { ...dotEnv(), ...variables },
    ownVariables: variables,
    lookUp,
  };
}

/** The folder where this system's users keep what can be made again. */
function userCache(lookUp: LookUp): string {
  const given = lookUp('XDG_CACHE_HOME');
  if (given) return resolve(given);
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches');
  if (process.platform === 'win32') return lookUp('LOCALAPPDATA') || join(homedir(), 'AppData', 'Local');
  return join(homedir(), '.cache');
}

function postgresSettings(lookUp: LookUp): PostgresSettings | null {
  const host = hostName('PG_HOST', lookUp('PG_HOST'));
  if (!host) return null;
  const files = sslFiles(lookUp);
  return {
    host,
    port: port('PG_PORT', lookUp('PG_PORT') || '5432'),
    database: lookUp('PG_DB') || 'daybook',
    user: lookUp('PG_USER') || 'daybook',
    password: lookUp('PG_PASSWORD') ?? '',
    sslMode: sslMode(lookUp('PG_SSLMODE') || 'prefer'),
    ...(files === null ? {} : { sslFiles: files }),
    schema: schemaName(lookUp('PG_SCHEMA') || 'public'),
  };
}

function ownerSettings(postgres: PostgresSettings, lookUp: LookUp): PostgresSettings {
  return {
    ...postgres,
    host: hostName('PG_DIRECT_HOST', lookUp('PG_DIRECT_HOST')) || postgres.host,
    port: port('PG_DIRECT_PORT', lookUp('PG_DIRECT_PORT') || String(postgres.port)),
    user: lookUp('PG_OWNER_USER') || postgres.user,
    password: lookUp('PG_OWNER_PASSWORD') ?? postgres.password,
  };
}

/** A URL would be shown as the name of a host, with the password that it holds. */
function hostName(name: string, text: string | undefined): string | undefined {
  if (text === undefined || !/:\/\/|@/.test(text)) return text;
  throw new InvalidEnvironment(
    `${name}: found a URL, expected a host name; put its other parts into PG_PORT, PG_DB, PG_USER and PG_PASSWORD`,
  );
}

function port(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= 65_535) return number;
  throw new InvalidEnvironment(`${name}: found "${text}", expected a port from 1 to 65535`);
}

function schemaName(text: string): string {
  if (/^[^'"\0]{1,63}$/.test(text)) return text;
  throw new InvalidEnvironment(
    `PG_SCHEMA: found ${JSON.stringify(text)}, expected a name of 1 to 63 characters without quotes`,
  );
}

function sslMode(text: string): SslMode {
  const mode = sslModes.find((known) => known === text);
  if (mode) return mode;
  throw new InvalidEnvironment(`PG_SSLMODE: found "${text}", expected ${sslModes.join(', ')}`);
}

function sslFiles(lookUp: LookUp): SslFiles | null {
  const [rootCert, cert, key] = ['PG_SSLROOTCERT', 'PG_SSLCERT', 'PG_SSLKEY'].map((name) => pemFile(lookUp, name));
  if ((cert === undefined) !== (key === undefined)) {
    throw new InvalidEnvironment('PG_SSLCERT and PG_SSLKEY must be set together: a certificate and its key');
  }
  if (rootCert === undefined && cert === undefined) return null;
  return {
    ...(rootCert === undefined ? {} : { rootCert }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

function pemFile(lookUp: LookUp, name: string): string | undefined {
  const given = lookUp(name);
  if (!given) return undefined;
  const file = resolve(given);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new InvalidEnvironment(`${name}: cannot be read: ${messageOf(error)}`);
  }
  if (text.includes('-----BEGIN ')) return file;
  throw new InvalidEnvironment(`${name}: ${file} is not a PEM file (no -----BEGIN line)`);
}

function flag(lookUp: LookUp, name: string, otherwise: 'on' | 'off' = 'on'): boolean {
  const text = (lookUp(name) || otherwise).toLowerCase();
  if (['on', 'true', '1', 'yes'].includes(text)) return true;
  if (['off', 'false', '0', 'no'].includes(text)) return false;
  throw new InvalidEnvironment(`${name}: found "${text}", expected on or off`);
}

/** Where nothing is set the usual address, or the next one that is free. */
function httpSetting(given: string | undefined): HttpSetting | null {
  if (!given) return { host: '127.0.0.1', port: 9464, isDefault: true };
  const address = httpAddress(given);
  return address && { ...address, isDefault: false };
}

function httpAddress(text: string): Omit<HttpSetting, 'isDefault'> | null {
  if (text === 'off') return null;
  const match = /^(?:([\w.-]*|\[[\da-fA-F:.]+\]):)?(\d+)$/.exec(text);
  if (!match) throw new InvalidEnvironment(`DAYBOOK_HTTP: found "${text}", expected host:port or off`);
  const host = (match[1] || '127.0.0.1').replace(/^\[(.*)\]$/, '$1');
  return { host, port: port('DAYBOOK_HTTP', match[2] ?? '') };
}

function hostNames(name: string, text: string): readonly string[] {
  const names = text
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((part) => part !== '');
  const wrong = names.find((part) => !/^[a-z\d_]([a-z\d._-]*[a-z\d_])?$/.test(part));
  if (wrong === undefined) return names;
  throw new InvalidEnvironment(
    `${name}: found "${wrong}", expected host names without port, separated by commas, e.g. daybook.example.com,daybook`,
  );
}

function proxies(lookUp: LookUp): Environment['proxies'] {
  const either = (name: string) => lookUp(name.toLowerCase()) || lookUp(name);
  const [httpProxy, httpsProxy, noProxy] = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].map(either);
  for (const [name, url] of Object.entries({ HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy })) {
    if (url && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) {
      throw new InvalidEnvironment(`${name}: not an http or https URL, expected e.g. http://proxy:3128`);
    }
  }
  return {
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    ...(noProxy ? { noProxy } : {}),
  };
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
