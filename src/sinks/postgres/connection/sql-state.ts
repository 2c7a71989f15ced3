/** What a PostgreSQL error makes the writer do. None of them drops a row silently. */
export type SqlStateAction =
  /** New connection, retry; the token settles an unknown outcome. */
  | 'reconnect'
  /** Retry soon, with jitter. */
  | 'retry'
  /** Retry; if it lasts, someone has to investigate. */
  | 'retry_alert'
  /** Statement timeout: retry, then halve the chunk. */
  | 'halve'
  /** A partition is missing: ensure it, retry. */
  | 'ensure_partition'
  /** The day is retired. */
  | 'expired'
  /** One of the rows cannot be stored: find it. */
  | 'bisect'
  /** Perhaps one of the rows: find it. It is refused only where another new row of the batch can be stored. */
  | 'suspect'
  /** A user's function reports an error that is usually transient: retry; if it lasts, find the row. */
  | 'raised'
  /** Only a change of configuration helps. */
  | 'misconfigured'
  /** The prepared statement is stale: a new connection, retry once. */
  | 'reprepare'
  /** The database reports corrupted data. */
  | 'corrupted';

/** The part of a `pg` error that decides. */
export interface PostgresError {
  readonly code?: string | undefined;
  readonly constraint?: string | undefined;
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  /** The function of the server's own source that reports it. */
  readonly routine?: string | undefined;
  /** What was being run: functions, statements inside them. */
  readonly where?: string | undefined;
  readonly message: string;
}

const byCode: Readonly<Record<string, SqlStateAction>> = {
  '57P01': 'reconnect', // admin_shutdown
  '57P02': 'reconnect', // crash_shutdown
  '57P03': 'reconnect', // cannot_connect_now
  '57P04': 'reconnect', // database_dropped
  '57P05': 'reconnect', // idle_session_timeout
  '53300': 'reconnect', // too_many_connections
  '40002': 'bisect', // transaction_integrity_constraint_violation
  '55P03': 'retry', // lock_not_available
  '55006': 'retry', // object_in_use
  '57014': 'halve', // query_canceled: statement_timeout
  XX001: 'corrupted', // data_corrupted
  XX002: 'corrupted', // index_corrupted
  DB001: 'expired', // ensure_partition: the day is retired
  DB002: 'misconfigured', // check_stored: keys without rows
  DB003: 'misconfigured', // ensure_partition: another object has the name of the day's partition
  '26000': 'reprepare', // invalid_sql_statement_name
  '42P05': 'reprepare', // duplicate_prepared_statement
};

/** All classes of PostgreSQL's own codes. */
const byClass: Readonly<Record<string, SqlStateAction>> = {
  '00': 'suspect', // successful completion
  '01': 'suspect', // warning
  '02': 'suspect', // no data
  '03': 'suspect', // SQL statement not yet complete
  '08': 'reconnect', // connection exception
  '09': 'bisect', // triggered action exception
  '0A': 'misconfigured', // feature not supported
  '0B': 'suspect', // invalid transaction initiation
  '0F': 'suspect', // locator exception
  '0L': 'suspect', // invalid grantor
  '0P': 'suspect', // invalid role specification
  '0Z': 'suspect', // diagnostics exception
  '10': 'bisect', // XQuery error
  '20': 'bisect', // case not found
  '21': 'bisect', // cardinality violation
  '22': 'bisect', // data exception
  '23': 'bisect', // integrity constraint violation
  '24': 'suspect', // invalid cursor state
  '25': 'reconnect', // invalid transaction state: a session that is not as it was; read-only after a failover
  '26': 'suspect', // invalid SQL statement name
  '27': 'bisect', // triggered data change violation
  '28': 'misconfigured', // invalid authorization specification
  '2B': 'suspect', // dependent privilege descriptors still exist
  '2D': 'suspect', // invalid transaction termination
  '2F': 'bisect', // SQL routine exception
  '34': 'suspect', // invalid cursor name
  '38': 'bisect', // external routine exception
  '39': 'bisect', // external routine invocation exception
  '3B': 'suspect', // savepoint exception
  '3D': 'misconfigured', // invalid catalog name
  '3F': 'misconfigured', // invalid schema name
  '40': 'retry', // transaction rollback
  '42': 'misconfigured', // syntax error or access rule violation
  '44': 'bisect', // with check option violation
  '53': 'retry_alert', // insufficient resources
  '54': 'bisect', // program limit exceeded
  '55': 'suspect', // object not in prerequisite state
  '57': 'retry', // operator intervention
  '58': 'retry_alert', // system error
  '72': 'retry_alert', // snapshot failure
  F0: 'retry_alert', // configuration file error
  HV: 'suspect', // foreign data wrapper error
  P0: 'bisect', // PL/pgSQL error
  XX: 'retry_alert', // internal error
};

/** Errors that are transient if the server reports them. */
const passing: ReadonlySet<SqlStateAction> = new Set([
  'reconnect',
  'retry',
  'retry_alert',
  'halve',
  'reprepare',
  'corrupted',
] as const);

/** Functions of Daybook's own migrations, in what was being run. */
const ownFunction = /\b(?:ensure_partition|check_stored)\(/;
/** Where the server reports what a row-level policy, or a trigger that moves a row, does with one row. */
const rowRoutines = new Set(['ExecWithCheckOptions', 'ExecBRInsertTriggers']);
/** Keys of Daybook's own tables: the ledger's and the tokens' are never violated by what is stored, ids are the sequence's. */
const ownKey = /^raw_event(?:_keys|_batches|s(?:_\d{4}_\d\d_\d\d)?)_pkey$/;

/** Codes of making the same partition twice at once. */
const partitionRaces = new Set(['42P07', '42P17', '42809', '23505']);

/** What to do about an error of a chunk. Errors without code are those of the connection. */
export function actionFor(error: PostgresError): SqlStateAction {
  const { code } = error;
  if (!isSqlState(code)) return isLocalRefusal(error) ? 'misconfigured' : 'reconnect';
  if (code === '0A000' && error.message.includes('cached plan')) return 'reprepare';
  const usual = usualAction(error, code);
  if (ownFunction.test(error.where ?? '')) return usual;
  // `raise` names the code that its author chose.
  if (error.routine === 'exec_stmt_raise') return passing.has(usual) ? 'raised' : 'bisect';
  const isOurs = error.where === undefined && !rowRoutines.has(error.routine ?? '');
  // Inside a trigger or function it may concern only those rows that it does something about.
  return !isOurs && (usual === 'misconfigured' || usual === 'reprepare' || code.startsWith('25')) ? 'suspect' : usual;
}

/** What a code means for Daybook's own statements. Codes of classes that are not PostgreSQL's come from users only. */
function usualAction(error: PostgresError, code: string): SqlStateAction {
  if (code === '23514' && isMissingPartition(error)) return 'ensure_partition';
  if (code === '23505' && isOwnKey(error)) return 'retry_alert';
  // Not a row too large, but transaction ids that are used up.
  if (code === '54000' && error.routine?.startsWith('GetNew') === true) return 'retry_alert';
  return byCode[code] ?? byClass[code.slice(0, 2)] ?? 'bisect';
}

/** "No partition of relation raw_events found for row": no constraint is named, and no trigger was at work. */
function isMissingPartition({ constraint, table, where }: PostgresError): boolean {
  return constraint === undefined && where === undefined && (table === undefined || /^raw_events(?:_|$)/.test(table));
}

function isOwnKey({ constraint, schema }: PostgresError): boolean {
  return ownKey.test(constraint ?? '') || schema === 'pg_catalog';
}

/**
 * Whether an error may concern a single row only. `certain`: a row that fails with it alone is refused. `suspected`: only where
 * other rows are stored. `lasting`: only where the error has come back at every attempt.
 */
export function rowDoubt(error: PostgresError): { readonly certain: boolean; readonly lasting: boolean } | null {
  switch (actionFor(error)) {
    case 'bisect':
      return { certain: true, lasting: false };
    case 'suspect':
      return { certain: false, lasting: false };
    case 'raised':
      return { certain: true, lasting: true };
    default:
      // What extensions report without a code of their own.
      return error.code === 'XX000' ? { certain: false, lasting: true } : null;
  }
}

/** Whether an error of `ensure_partition` says that someone else made the partition at the same moment. */
export function isPartitionRace({ code }: PostgresError): boolean {
  return partitionRaces.has(code ?? '');
}

/** Whether a code is PostgreSQL's, not the operating system's (`ECONNREFUSED`). */
export function isSqlState(code: string | undefined): code is string {
  return code !== undefined && /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

/** Node's codes of a certificate that is not trusted, and `pg`'s words (it has no code for them) for a missing password. */
const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/;
const unable = /^SASL:|does not support SSL|client password must be/;

/** Whether this side refuses to continue: waiting does not help then. */
function isLocalRefusal({ code, message }: PostgresError): boolean {
  return untrusted.test(code ?? '') || unable.test(message);
}

/** What an operator can do about an error, for messages. */
export function hintFor(error: PostgresError): string {
  const { code, message } = error;
  if (untrusted.test(code ?? '')) return certificateHint(code ?? '');
  if (/^SASL:|client password must be/.test(message)) return '; check PG_USER and PG_PASSWORD';
  if (message.includes('does not support SSL')) {
    return '; PG_SSLMODE requires TLS: enable ssl on the server, or set PG_SSLMODE=prefer';
  }
  switch (code) {
    case 'DB003':
      return '';
    case '42P01':
    case '42703':
    case '42883':
      return '; run ./daybook migrate';
    case '42501':
      return '; storing needs the rights that ./daybook migrate --roles grants, maintenance needs the owner of the tables (PG_OWNER_USER, PG_OWNER_PASSWORD)';
    case '28P01':
    case '28000':
      return '; check PG_USER and PG_PASSWORD';
    case '0A000':
    case '42601':
      return '; expected PostgreSQL 12 to 18';
    case '23505':
      return isOwnKey(error)
        ? "; if it lasts, the sequence of raw_events.id is behind its rows: select setval(pg_get_serial_sequence('raw_events', 'id'), (select max(id) from raw_events))"
        : '';
    case '54000':
      return usualAction(error, code) === 'retry_alert' ? '; vacuum the database: it is out of transaction ids' : '';
    case '3D000':
      return '; check PG_DB, or create the database';
    case '3F000':
      return '; check PG_SCHEMA';
    case '26000':
    case '42P05':
      return '; behind PgBouncer before 1.21 set PG_PREPARE=off';
    case '53200':
      return '; if it ran out of locks, raise max_locks_per_transaction';
    case '53100':
      return '; free disk space on the database server';
    case '53300':
      return '; raise max_connections or use fewer workers';
    case '25006':
      return '; the server is read-only, expected the primary';
    case 'ECONNREFUSED':
      return '; expected a server there, check PG_HOST and PG_PORT';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return '; check PG_HOST';
    default:
      return actionFor(error) === 'misconfigured'
        ? '; compare the tables with those that ./daybook migrate creates'
        : '';
  }
}

function certificateHint(code: string): string {
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return "; PG_SSLMODE=verify-full expects PG_HOST in the server's certificate: use a name from the certificate, or verify-ca";
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return "; renew the server's certificate, or check the clock";
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return "; the server's certificate is not from a trusted authority: set PG_SSLROOTCERT to the authority's file";
    default:
      return '; check PG_SSLMODE, PG_SSLROOTCERT, PG_SSLCERT and PG_SSLKEY';
  }
}
