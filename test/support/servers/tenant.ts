import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabase, type TestDatabase } from './database.ts';
import { createNamespace, type TestNamespace } from './namespace.ts';

/** A database and a namespace on the servers that all tests share: `up` needs no servers of its own there. */
export interface Tenant {
  readonly database: TestDatabase;
  readonly namespace: TestNamespace;
  /** What tells Daybook of them. */
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export async function createTenant(): Promise<Tenant> {
  const address = inject('temporalAddress');
  const database = await createDatabase(inject('postgres'));
  const namespace = await createNamespace(address, `tenant-${randomUUID()}`);
  return {
    database,
    namespace,
    variables: serverVariables(database, address, namespace.name),
    async close() {
      await namespace.close();
      await database.drop();
    },
  };
}

export function serverVariables(database: TestDatabase, address: string, namespace: string): Record<string, string> {
  const { host, port, database: name, user, password } = database.settings;
  return {
    DAYBOOK_EMBEDDED: 'off',
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: name,
    PG_USER: user,
    PG_PASSWORD: password,
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
  };
}
