import type { Config } from '../config/parse-config.ts';
import { readConfig } from '../config/config-file.ts';
import { readEnvironment, type Environment, type PostgresSettings } from '../config/environment.ts';
import { temporalSettings, type TemporalSettings } from '../config/temporal-settings.ts';
import { embeddedPostgresSettings, embeddedTemporalSettings } from '../embedded/addresses.ts';
import { Home } from '../embedded/home.ts';
import { createDirectoryStore } from '../store/directory-store.ts';
import type { BlobStore } from '../store/blob-store.ts';
import { CannotStart } from './cannot-start.ts';
import { UsageError } from './usage-error.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly demo?: boolean;
}

/** What a command works with. */
export interface Context {
  readonly environment: Environment;
  readonly home: Home;
  readonly demo: boolean;
}

export function createContext(options: CommonOptions): Context {
  const environment = readEnvironment(options);
  return { environment, home: new Home(environment.homeFolder), demo: options.demo === true };
}

/** @throws ConfigProblems */
export function loadConfig({ environment }: Context): Config {
  return readConfig(environment.configFile, environment.lookUp);
}

export function openStore({ environment }: Context): BlobStore {
  return createDirectoryStore(environment.storeFolder);
}

/** PostgreSQL as the environment names it; null where that is the home's own, or none is named. */
export function externalPostgres({ environment, home }: Context): PostgresSettings | null {
  const named = environment.postgres;
  if (!named || !isLocal(named.host) || named.port !== home.ports.postgres) return named;
  // A stack that is down may have left its port to another server: the password tells whose it is.
  return home.isRunning('postgres') || named.password === home.password ? null : named;
}

/** Temporal as the environment names it; null where that is the home's own, or none is named. */
export function externalTemporal({ environment, home }: Context): TemporalSettings | null {
  if (environment.temporalAddress === null) return null;
  const [host = '', port] = environment.temporalAddress.split(':');
  return isLocal(host) && Number(port) === home.ports.temporal ? null : temporalSettings(environment);
}

/**
 * The PostgreSQL to talk to: the environment's, else this home's if it runs.
 * @throws UsageError where there is none, CannotStart while it is being started
 */
export function requirePostgres(context: Context): PostgresSettings {
  const external = externalPostgres(context);
  if (external) return external;
  if (context.home.isRunning('postgres') || isNamed(context, context.environment.postgres))
    return embeddedPostgresSettings(context.home);
  throw notFound(context, 'PostgreSQL', 'PG_HOST');
}

/** The same for what only the owner of the tables may do. */
export function requireOwner(context: Context): PostgresSettings {
  const settings = requirePostgres(context);
  return externalPostgres(context) ? (context.environment.owner ?? settings) : settings;
}

/**
 * The Temporal server to talk to: the environment's, else this home's if it runs.
 * @throws UsageError where there is none, CannotStart while it is being started
 */
export function requireTemporal(context: Context): TemporalSettings {
  const external = externalTemporal(context);
  if (external) return external;
  if (context.home.isRunning('temporal') || isNamed(context, context.environment.temporalAddress))
    return embeddedTemporalSettings(context.home);
  throw notFound(context, 'Temporal server', 'TEMPORAL_ADDRESS');
}

/** `up` names its own servers to its worker: one of them may be starting again just now. */
function isNamed({ environment }: Context, named: unknown): boolean {
  return !environment.embedded && named !== null && named !== undefined;
}

function notFound(context: Context, what: string, variable: string): UsageError | CannotStart {
  const { folder } = context.home;
  const holder = context.home.lockHolder();
  if (holder === null) {
    return new UsageError(
      `found no ${what}: ${variable} is not set, and no stack runs in ${folder}; ${advice(context)}`,
    );
  }
  return new CannotStart(
    `found no ${what}: process ${holder.pid} runs the stack of ${folder}, and is starting it just now; try again in a moment`,
  );
}

function advice({ demo }: Context): string {
  return `start one with ./daybook up${demo ? ' --demo' : ''}, or name a server of your own`;
}

function isLocal(host: string): boolean {
  return ['127.0.0.1', 'localhost', '::1'].includes(host);
}
