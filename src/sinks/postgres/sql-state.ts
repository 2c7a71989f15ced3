/** What a PostgreSQL error makes the writer do. None of them drops a row silently. */
export type SqlStateAction =
  /** New connection, retry; the token settles an unknown outcome. */
  | 'reconnect'
  /** Retry soon, with jitter. */
  | 'retry'
  /** Retry; if it lasts, someone has to look. */
  | 'retry_alert'
  /** Statement timeout: retry, then halve the chunk. */
  | 'halve'
  /** A partition is missing: ensure it, retry. */
  | 'ensure_partition'
  /** The day is retired. */
  | 'expired'
  /** One of the rows cannot be stored: find it. */
  | 'bisect'
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
  readonly message: string;
}

const byCode: Readonly<Record<string, SqlStateAction>> = {
  '57P01': 'reconnect', // admin_shutdown
  '57P02': 'reconnect', // crash_shutdown
  '57P03': 'reconnect', // cannot_connect_now
  '57P05': 'reconnect', // idle_session_timeout
  '53300': 'reconnect', // too_many_connections
  '25P03': 'reconnect', // idle_in_transaction_session_timeout
  '25P04': 'reconnect', // transaction_timeout
  '25006': 'reconnect', // read_only_sql_transaction: a failover leaves sessions on the old primary
  '40001': 'retry', // serialization_failure
  '40P01': 'retry', // deadlock_detected
  '55P03': 'retry', // lock_not_available
  '57014': 'halve', // query_canceled: statement_timeout
  '53100': 'retry_alert', // disk_full
  '53200': 'retry_alert', // out_of_memory: also when max_locks_per_transaction is used up
  '53400': 'retry_alert', // configuration_limit_exceeded
  XX000: 'retry_alert', // internal_error
  XX001: 'corrupted', // data_corrupted
  XX002: 'corrupted', // index_corrupted
  DB001: 'expired', // ensure_partition: the day is retired
  DB002: 'misconfigured', // check_stored: keys without rows
  '23502': 'bisect', // not_null_violation
  '26000': 'reprepare', // invalid_sql_statement_name
  '42P05': 'reprepare', // duplicate_prepared_statement
  '42P01': 'misconfigured', // undefined_table
  '42703': 'misconfigured', // undefined_column
  '42883': 'misconfigured', // undefined_function
  '42501': 'misconfigured', // insufficient_privilege
  '3D000': 'misconfigured', // invalid_catalog_name
  '3F000': 'misconfigured', // invalid_schema_name
  '0A000': 'misconfigured', // feature_not_supported
  '42601': 'misconfigured', // syntax_error
};

const byClass: Readonly<Record<string, SqlStateAction>> = {
  '08': 'reconnect', // connection exceptions
  '22': 'bisect', // data exceptions
  '28': 'misconfigured', // invalid authorization
  '54': 'bisect', // program limits
  '58': 'retry_alert', // system errors
};

/** Codes of making the same partition twice at once. */
const partitionRaces = new Set(['42P07', '42P17', '42809', '23505']);

/** What to do about an error of a chunk. Errors without code are those of the connection. */
export function actionFor(error: PostgresError): SqlStateAction {
  const { code, constraint } = error;
  if (!isSqlState(code)) return isLocalRefusal(error) ? 'misconfigured' : 'reconnect';
  if (code === '0A000' && error.message.includes('cached plan')) return 'reprepare';
  if (code === '23514') return constraint === undefined ? 'ensure_partition' : 'bisect';
  return byCode[code] ?? byClass[code.slice(0, 2)] ?? 'retry_alert';
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

/** Whether this side refuses to go on: waiting does not help then. */
function isLocalRefusal({ code, message }: PostgresError): boolean {
  return untrusted.test(code ?? '') || unable.test(message);
}

/** What an operator can do about an error, for messages. */
export function hintFor({ code, message }: PostgresError): string {
  if (untrusted.test(code ?? '')) return certificateHint(code ?? '');
  if (/^SASL:|client password must be/.test(message)) return '; check PG_USER and PG_PASSWORD';
  if (message.includes('does not support SSL')) {
    return '; expected TLS because of PG_SSLMODE: switch ssl on at the server, or set PG_SSLMODE=prefer';
  }
  switch (code) {
    case '42P01':
    case '42703':
    case '42883':
      return '; run ./daybook migrate';
    case '42501':
      return '; storing needs what ./daybook migrate --roles grants, maintenance needs the owner of the tables (PG_OWNER_USER, PG_OWNER_PASSWORD)';
    case '28P01':
    case '28000':
      return '; check PG_USER and PG_PASSWORD';
    case '0A000':
    case '42601':
      return '; expected PostgreSQL 12 to 18';
    case '3D000':
      return '; check PG_DB, or create the database';
    case '3F000':
      return '; check PG_SCHEMA';
    case '26000':
    case '42P05':
      return '; behind PgBouncer before 1.21 set PG_PREPARE=off';
    case '53200':
      return '; if this is about locks, raise max_locks_per_transaction';
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
      return '';
  }
}

function certificateHint(code: string): string {
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return "; PG_SSLMODE=verify-full expects PG_HOST in the server's certificate: use a name that stands in it, or verify-ca";
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return "; renew the server's certificate, or check the clock";
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return "; expected a certificate of an authority that is trusted: name the file of the server's with PG_SSLROOTCERT";
    default:
      return '; check PG_SSLMODE, PG_SSLROOTCERT, PG_SSLCERT and PG_SSLKEY';
  }
}
