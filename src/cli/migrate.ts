import { migrate } from '../sinks/postgres/migrate.ts';
import { createContext, requireOwner, type CommonOptions } from './context.ts';
import { print } from './output.ts';

/** `daybook migrate`: brings the database to the newest schema. */
export async function migrateCommand(options: CommonOptions): Promise<void> {
  const settings = requireOwner(createContext(options));
  const { applied } = await migrate(settings);
  const where = `${settings.database} on ${settings.host}:${settings.port}`;
  print(applied.length === 0 ? `${where} is up to date` : `${where}: applied ${applied.join(', ')}`);
}
