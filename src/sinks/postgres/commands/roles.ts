import { escapeIdentifier, type Client } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { SinkMisconfigured } from '../../../domain/errors.ts';
import { withClient } from '../connection/client.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';

/** A right on something that the migrations made. */
interface Right {
  readonly privilege: 'SELECT' | 'INSERT' | 'UPDATE' | 'UPDATE (processed)' | 'EXECUTE';
  /** Name of a table, or name and argument types of a function. */
  readonly object: string;
}

const tableRights = (privilege: 'SELECT' | 'INSERT' | 'UPDATE', ...tables: string[]): Right[] =>
  tables.map((object) => ({ privilege, object }));

const functions = [
  'ensure_partition(date)',
  'check_stored(bigint, bigint)',
  'canary_cleanup(text[])',
  'raw_event_ranges()',
];

/**
 * The minimum that a role needs to store and to inspect what is stored. Partitions need nothing, for rows go in and come out
 * through raw_events. Objects that a database does not have (yet) are left out.
 */
const writerRights: readonly Right[] = [
  ...tableRights('INSERT', 'raw_events', 'raw_event_keys', 'raw_event_batches'),
  // `on conflict … returning` reads what it writes; the rest is for status, verify and readiness.
  ...tableRights('SELECT', 'raw_events', 'raw_event_keys', 'raw_event_batches'),
  ...tableRights('SELECT', 'raw_event_floor', 'raw_event_days', 'raw_event_database', 'daybook_migrations'),
  // Which store belongs to it, and how far both have counted.
  ...tableRights('UPDATE', 'raw_event_database'),
  ...functions.map((object): Right => ({
    privilege: 'EXECUTE',
    object,
  })),
];

const readerRights = tableRights('SELECT', 'raw_events', 'raw_event_keys', 'raw_event_floor', 'raw_event_days');

/** What roles may do that Daybook grants. */
const rightsOf = {
  writer: writerRights,
  /** Reads what is stored. */
  reader: readerRights,
  /** A reader that marks rows as processed. */
  processor: [...readerRights, { privilege: 'UPDATE (processed)', object: 'raw_events' }],
} as const satisfies Record<string, readonly Right[]>;

export type RoleKind = keyof typeof rightsOf;

/** `<schema>.<object>`, escaped. */
function qualified(schema: string, object: string): string {
  const [, name = '', rest = ''] = /^(\w+)(.*)$/.exec(object) ?? [];
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}${rest}`;
}

const present = `case when o.privilege = 'EXECUTE' then to_regprocedure(o.name) is not null else to_regclass(o.name) is not null end`;
const held = `case when o.privilege = 'EXECUTE' then has_function_privilege($1::name, o.name, o.privilege)
  else has_table_privilege($1::name, o.name, o.privilege) end`;

/** The privileges of a writer that a role lacks, in readable form: `INSERT on raw_events`. Without those on missing objects. */
export async function missingRights(client: Pick<Client, 'query'>, schema: string, role: string): Promise<string[]> {
  const { rows: usage } = await client.query<{ may: boolean }>(
    `select coalesce((select has_schema_privilege($1::name, oid, 'USAGE') from pg_namespace where nspname = $2), false) as may`,
    [role, schema],
  );
  // Without it the server would not even list the objects.
  if (usage[0]?.may !== true) return [`USAGE on schema ${schema}`];
  const { rows } = await client.query<{ n: number }>(
    `select n::int from unnest($2::text[], $3::text[]) with ordinality as o(privilege, name, n)
     where case when ${present} then not ${held} else false end order by n`,
    [role, ...rightsIn(writerRights, schema)],
  );
  return rows.flatMap(({ n }) => describeRight(writerRights[n - 1]));
}

/**
 * Grants a role what its kind needs, and nothing else. May be repeated, after each migration.
 * @returns the statements that were run
 * @throws SinkMisconfigured if there is no such role: Daybook creates none, because it would have to choose a password
 */
export async function grantRole(
  owner: PostgresSettings,
  kind: RoleKind,
  role: string,
  dryRun: boolean,
): Promise<string[]> {
  try {
    return await withClient(owner, async (client) => {
      await requireRole(client, kind, role);
      const statements = await grants(client, owner.schema, rightsOf[kind], role);
      if (!dryRun) await client.query(statements.join('; '));
      return statements;
    });
  } catch (error) {
    throw postgresFailure(error, `${role} could not be granted its rights`);
  }
}

async function requireRole(client: Client, kind: RoleKind, role: string): Promise<void> {
  const { rows } = await client.query('select from pg_roles where rolname = $1', [role]);
  if (rows.length > 0) return;
  throw new SinkMisconfigured(
    `postgres: there is no role ${role} (the ${kind}${kind === 'writer' ? ' in PG_USER' : ''}); create it, with a password of your choice: ` +
      `create role ${escapeIdentifier(role)} login password '…'`,
  );
}

async function grants(client: Client, schema: string, wanted: readonly Right[], role: string): Promise<string[]> {
  const to = `to ${escapeIdentifier(role)}`;
  const { rows } = await client.query<{ n: number }>(
    `select n::int from unnest($1::text[], $2::text[]) with ordinality as o(privilege, name, n) where ${present} order by n`,
    rightsIn(wanted, schema),
  );
  const rights = rows.flatMap(({ n }) => wanted[n - 1] ?? []);
  return [
    `grant usage on schema ${escapeIdentifier(schema)} ${to}`,
    ...rights.map(({ privilege, object }) => {
      const kind = privilege === 'EXECUTE' ? 'function ' : '';
      return `grant ${privilege.toLowerCase()} on ${kind}${qualified(schema, object)} ${to}`;
    }),
  ];
}

function rightsIn(rights: readonly Right[], schema: string): [privileges: string[], names: string[]] {
  return [rights.map(({ privilege }) => privilege), rights.map(({ object }) => qualified(schema, object))];
}

function describeRight(right: Right | undefined): string[] {
  return right ? [`${right.privilege} on ${right.object}`] : [];
}
