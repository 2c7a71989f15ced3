import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../src/sinks/postgres/commands/migrate.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { dumpSchema } from '../support/schema-dump.ts';
import { servers } from './servers.ts';

describe.each(servers)('the schema on $name', ({ server }) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase(server, null);
    await migrate(database.settings);
  });
  afterEach(async () => database.drop());

  test('is the one in schema/database.sql (npm run schema:database writes it)', async () => {
    await expect(await dumpSchema(database)).toMatchFileSnapshot('../../schema/database.sql');
  });

  test('has nothing that the dump does not know', async () => {
    await database.rows(`create type mood as enum ('good')`);
    await expect(dumpSchema(database)).rejects.toThrow('leaves out type mood');
  });
});
