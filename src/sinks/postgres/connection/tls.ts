import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { messageOf, SinkMisconfigured } from '../../../domain/errors.ts';

/**
 * The TLS settings; false = none, or only where the server asks for it (see `clientClass`). Means what the modes of libpq mean:
 * `require` takes any certificate, unless an authority is named, which it then must be of.
 * @throws SinkMisconfigured if a file cannot be read any more
 */
export function tlsOptions(settings: PostgresSettings): ConnectionOptions | false {
  const { sslMode, sslFiles } = settings;
  switch (sslMode) {
    case 'disable':
    case 'allow':
    case 'prefer':
      return false;
    case 'require':
      return sslFiles?.rootCert === undefined ? anyCertificate(settings) : ofAuthority(settings);
    case 'verify-ca':
      return ofAuthority(settings);
    case 'verify-full':
      return { ...files(settings), rejectUnauthorized: true };
  }
}

/** TLS that trusts any server: safe from eavesdroppers, not from a man in the middle. */
export function anyCertificate(settings: PostgresSettings): ConnectionOptions {
  return { ...files(settings), rejectUnauthorized: false };
}

function ofAuthority(settings: PostgresSettings): ConnectionOptions {
  return { ...files(settings), rejectUnauthorized: true, checkServerIdentity: () => undefined };
}

/** Read for each new connection of a command, once for those of a worker. */
function files({ sslFiles = {} }: PostgresSettings): ConnectionOptions {
  const { rootCert, cert, key } = sslFiles;
  return {
    ...(rootCert === undefined ? {} : { ca: read('PG_SSLROOTCERT', rootCert) }),
    ...(cert === undefined ? {} : { cert: read('PG_SSLCERT', cert) }),
    ...(key === undefined ? {} : { key: read('PG_SSLKEY', key) }),
  };
}

function read(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SinkMisconfigured(`postgres: ${name} cannot be read: ${messageOf(error)}`);
  }
}
