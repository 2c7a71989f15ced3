import type { TLSSocket } from 'node:tls';
import type { Client } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { withClient } from '../connection/client.ts';
import { isMigrated } from './migrate.ts';
import { isBehindPooler, requireOwnSession } from '../connection/pooler.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { missingRights } from './roles.ts';
import { prepareSession } from '../connection/session.ts';

const supportedPostgres = { least: 12, most: 18 };
/** A certificate that expires sooner is mentioned. */
const soonMs = 30 * 86_400_000;

interface Found {
  readonly version: string;
  readonly number: number;
  readonly migrated: boolean;
  readonly pooled: boolean;
  /** Whether sessions of this role end statements that take too long, no matter who configured it. */
  readonly bounded: boolean;
  readonly missing: readonly string[];
  readonly tls: string;
}

/** Inspects PostgreSQL as the role that stores. @throws if something is missing, with what to do */
export async function inspectWriter(settings: PostgresSettings, prepare: boolean): Promise<string> {
  const where = `${settings.host}:${settings.port}/${settings.database}`;
  const found = await withClient(settings, (client) => inspect(client, settings)).catch((error: unknown) => {
    throw postgresFailure(error, `${where} cannot be used`);
  });
  const major = Math.floor(found.number / 10_000);
  if (major < supportedPostgres.least)
    throw new Error(`found version ${found.version} at ${where}, expected 12 or newer`);
  if (found.missing.length > 0) {
    throw new Error(
      `${settings.user} at ${where} lacks ${found.missing.join(', ')}; run ./daybook migrate --roles with PG_OWNER_USER set`,
    );
  }
  if (!found.migrated) throw new Error(`${where} is not migrated; run ./daybook migrate`);
  const untried = major > supportedPostgres.most ? ', newer than any tested version' : '';
  const notes = [...pooling(found, settings, prepare)].map((note) => `; ${note}`).join('');
  return `${found.version} at ${where}${untried}, ${found.tls}${found.pooled ? ', behind a pooler' : ''}${notes}`;
}

/** The same as the owner of the tables. */
export async function inspectOwner(owner: PostgresSettings): Promise<string> {
  const where = `${owner.user} at ${owner.host}:${owner.port}`;
  const { owns } = await withClient(owner, async (client) => {
    await requireOwnSession(client, owner);
    const { rows } = await client.query<{ owns: boolean }>(
      `select coalesce(bool_and(pg_has_role(c.relowner, 'USAGE')), true) as owns from pg_class c
       join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = 'raw_events'`,
      [owner.schema],
    );
    return { owns: rows[0]?.owns === true };
  }).catch((error: unknown) => {
    throw postgresFailure(error, `${where} cannot be used`);
  });
  if (owns) return `${where}, a session of its own`;
  throw new Error(`${where} does not own raw_events; set PG_OWNER_USER and PG_OWNER_PASSWORD`);
}

async function inspect(client: Client, settings: PostgresSettings): Promise<Found> {
  await prepareSession(client);
  const { rows } = await client.query<Pick<Found, 'version' | 'number' | 'bounded'>>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
            (select bool_and(reset_val <> '0') from pg_settings where name in ('statement_timeout', 'lock_timeout')) as bounded`,
  );
  const [server] = rows;
  if (!server) throw new Error('PostgreSQL returned no row for its version');
  const missing = await missingRights(client, settings.schema, settings.user);
  return {
    ...server,
    missing,
    tls: describeTls(client, settings),
    pooled: await isBehindPooler(client),
    migrated: missing.length === 0 && (await isMigrated(client, settings.schema)),
  };
}

function describeTls(client: Client, { sslMode }: PostgresSettings): string {
  const { stream } = (client as unknown as { connection: { stream: Partial<TLSSocket> } }).connection;
  if (stream.encrypted !== true) return 'without TLS';
  const expires = new Date(stream.getPeerCertificate?.().valid_to ?? Number.NaN);
  const soon = expires.getTime() - Date.now() < soonMs;
  return `${stream.getProtocol?.() ?? 'TLS'} (${sslMode})${soon ? `, whose certificate expires ${expires.toISOString()}: renew it` : ''}`;
}

function* pooling({ pooled, bounded }: Found, { user }: PostgresSettings, prepare: boolean): Generator<string> {
  if (!pooled) return;
  if (prepare) yield 'before PgBouncer 1.21 set PG_PREPARE=off';
  if (bounded) return;
  yield `session timeouts do not stay with their client there: alter role "${user}" set statement_timeout = '60s'; alter role "${user}" set lock_timeout = '10s'`;
}
