import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '../../domain/errors.ts';
import { InvalidEnvironment, type LookUp } from '../secrets/references.ts';
import { port } from './port.ts';

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

/** Null if `PG_HOST` is not set. */
export function postgresSettings(lookUp: LookUp): PostgresSettings | null {
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

/** The owner of the tables on a direct connection: `PG_OWNER_*` at `PG_DIRECT_*`, else the same. */
export function ownerSettings(postgres: PostgresSettings, lookUp: LookUp): PostgresSettings {
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
