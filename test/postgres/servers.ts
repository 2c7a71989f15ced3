import { inject } from 'vitest';
import type { PostgresSettings } from '../../src/config/environment/postgres-settings.ts';

const older = inject('olderPostgres');

/** The servers that each PostgreSQL test runs on. */
export const servers: readonly { readonly name: string; readonly server: PostgresSettings }[] = [
  { name: 'the embedded PostgreSQL', server: inject('postgres') },
  ...(older ? [{ name: 'an older PostgreSQL', server: older }] : []),
];

if (!older) process.stderr.write('skipped on an older PostgreSQL: none is installed in /usr/lib/postgresql\n');
