import { readEnvironment, type Environment } from '../../config/environment/environment.ts';
import type { PostgresSettings } from '../../config/environment/postgres-settings.ts';
import { readInstance } from '../../config/environment/instance.ts';
import { temporalSettings, type TemporalSettings } from '../../config/environment/temporal-settings.ts';
import type { Instance } from '../../domain/instance.ts';
import { embeddedPostgresSettings, embeddedTemporalSettings, embeddedUi } from '../../embedded/addresses.ts';
import { Home } from '../../embedded/home/home.ts';
import { openStores } from '../../store/open-stores.ts';
import type { BlobStore, Damage } from '../../store/blobs/blob-store.ts';
import { naming, settingAside } from '../../store/alerts/store-alert.ts';
import { CannotStart, UsageError } from '../../domain/errors.ts';
import { printInfo } from '../output/output.ts';

/** Options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly demo?: boolean;
}

/** What a command works with. */
export interface Context {
  readonly environment: Environment;
  readonly home: Home;
  /** Which Daybook of the namespace this is; ids and queries come from it. Read once, when it is needed first. */
  readonly instance: Instance;
  readonly demo: boolean;
}

export function createContext(options: CommonOptions): Context {
  const environment = readEnvironment(options);
  let instance: Instance | null = null;
  return {
    environment,
    home: new Home(environment.homeFolder),
    get instance() {
      return (instance ??= readInstance(environment.configFile, environment.lookUp));
    },
    demo: options.demo === true,
  };
}

/** The store for a command that writes: damaged files that it meets are set aside, as a worker does, and named on stderr. */
export function openStore({ environment }: Context): BlobStore {
  return settingAside(openStores(environment).store.blobs, ({ message }) => printInfo(`store: ${message}`));
}

/** The same for one that only looks: it names damaged files, and leaves them to a worker. */
export function openStoreToRead({ environment }: Context, onDamage = sayDamage): BlobStore {
  return naming(openStores(environment).store.blobs, onDamage);
}

function sayDamage(damage: Damage): void {
  printInfo(`store: ${damage.path} ${damage.problem}; a worker sets it aside`);
}

/** PostgreSQL as the environment names it; null if that is the home's own, or none is named. */
export function externalPostgres({ environment, home }: Context): PostgresSettings | null {
  const named = environment.postgres;
  if (!named || !isLocal(named.host) || named.port !== home.ports.postgres) return named;
  // A stack that is down may have left its port to another server: the password tells whose it is.
  return home.isRunning('postgres') || named.password === home.password ? null : named;
}

/** Temporal as the environment names it; null if that is the home's own, or none is named. */
export function externalTemporal({ environment, home }: Context): TemporalSettings | null {
  if (environment.temporalAddress === null) return null;
  const [host = '', port] = environment.temporalAddress.split(':');
  return isLocal(host) && Number(port) === home.ports.temporal ? null : temporalSettings(environment);
}

/** Address of the Web UI: as the environment names it, else that of the embedded server; null = unknown. */
export function webUiOf(context: Context): string | null {
  return context.environment.temporalUi ?? (externalTemporal(context) ? null : embeddedUi(context.home));
}

/**
 * The PostgreSQL to talk to: the environment's, else this home's if it runs.
 * @throws UsageError if there is none, CannotStart while it is being started
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
 * @throws UsageError if there is none, CannotStart while it is being started
 */
export function requireTemporal(context: Context): TemporalSettings {
  const external = externalTemporal(context);
  if (external) return external;
  if (context.home.isRunning('temporal') || isNamed(context, context.environment.temporalAddress))
    return embeddedTemporalSettings(context.home, context.environment);
  throw notFound(context, 'Temporal server', 'TEMPORAL_ADDRESS');
}

/** `up` names its own servers to its worker: one of them may be starting again right now. */
function isNamed({ environment }: Context, named: unknown): boolean {
  return !environment.embedded && named !== null && named !== undefined;
}

function notFound(context: Context, what: string, variable: string): UsageError | CannotStart {
  const { folder } = context.home;
  const holder = context.home.lockHolder();
  const { damage } = context.home;
  if (holder === null && damage !== null) {
    return new CannotStart(
      `no ${what}: ${context.home.path('stack.json')} is damaged (${damage}); the next ./daybook up recovers it`,
    );
  }
  if (holder === null) {
    return new UsageError(`no ${what}: ${variable} is not set, and no stack runs in ${folder}; ${advice}`);
  }
  return new CannotStart(
    `no ${what} yet: process ${holder.pid} is starting the stack of ${folder}; try again in a moment`,
  );
}

const advice = 'start one with ./daybook up, or configure a server of your own';

function isLocal(host: string): boolean {
  return ['127.0.0.1', 'localhost', '::1'].includes(host);
}
