import type { PostgresSettings } from '../../src/config/environment/environment.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The server that most tests use; databases are made from its template. */
    postgres: PostgresSettings;
    /** Debian's older server, where this machine has one. */
    olderPostgres: PostgresSettings | null;
    temporalAddress: string;
  }
}
