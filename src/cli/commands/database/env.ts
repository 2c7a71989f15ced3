import { delimiter, dirname } from 'node:path';
import { searchPathOption } from '../../../config/environment/search-path-option.ts';
import { presentFile } from '../../../embedded/temporal-server/present-server.ts';
import { createContext, requirePostgres, requireTemporal, type CommonOptions } from '../../options/context.ts';
import { printExactly } from '../../output/output.ts';

/** `daybook env`: lines for a shell to evaluate, with the addresses of the servers in use. */
export function envCommand(options: CommonOptions): void {
  const context = createContext(options);
  const postgres = requirePostgres(context);
  const temporal = requireTemporal(context);
  const program = presentFile(context.home, context.environment);
  const { host, port, database, user, password, sslMode, sslFiles = {}, schema } = postgres;
  const { rootCert, cert, key } = sslFiles;
  const tls = { SSLROOTCERT: rootCert, SSLCERT: cert, SSLKEY: key };
  const variables: [string, string][] = [
    ['PG_HOST', host],
    ['PG_PORT', String(port)],
    ['PG_DB', database],
    ['PG_USER', user],
    ['PG_PASSWORD', password],
    ['PG_SSLMODE', sslMode],
    ['PG_SCHEMA', schema],
    ['PGHOST', host],
    ['PGPORT', String(port)],
    ['PGDATABASE', database],
    ['PGUSER', user],
    ['PGPASSWORD', password],
    ['PGSSLMODE', sslMode],
    ...(schema === 'public' ? [] : [['PGOPTIONS', searchPathOption(schema)] as [string, string]]),
    ...Object.entries(tls).flatMap(([name, file]): [string, string][] =>
      file === undefined ? [] : ['PG_', 'PG'].map((prefix) => [`${prefix}${name}`, file]),
    ),
    ['TEMPORAL_ADDRESS', temporal.address],
    ['TEMPORAL_NAMESPACE', temporal.namespace],
  ];
  for (const [name, value] of variables) printExactly(`export ${name}=${quoted(value)}`);
  if (program !== null) printExactly(`export PATH=${quoted(dirname(program))}${delimiter}"$PATH"`);
}

function quoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`;
}
