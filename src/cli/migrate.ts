import { migrate } from '../sinks/postgres/migrate.ts';
import { grantWriter } from '../sinks/postgres/roles.ts';
import { createContext, requireOwner, requirePostgres, type CommonOptions } from './context.ts';
import { print } from './output.ts';
import { UsageError } from './usage-error.ts';

export interface MigrateOptions extends CommonOptions {
  readonly roles?: boolean;
  readonly dryRun?: boolean;
}

/** `daybook migrate`: brings the database to the newest schema; with `--roles`, lets the writer store in it. */
export async function migrateCommand(options: MigrateOptions): Promise<void> {
  const context = createContext(options);
  const owner = requireOwner(context);
  const writer = requirePostgres(context).user;
  if (options.dryRun && !options.roles) throw new UsageError('found --dry-run without --roles, expected both');
  if (options.roles && writer === owner.user) {
    throw new UsageError(
      `found ${writer} as owner and as writer, expected two roles: PG_OWNER_USER owns the tables, PG_USER stores in them`,
    );
  }
  if (!options.dryRun) {
    const { applied } = await migrate(owner);
    const where = `${owner.database} on ${owner.host}:${owner.port}`;
    print(applied.length === 0 ? `${where} is up to date` : `${where}: applied ${applied.join(', ')}`);
  }
  if (options.roles) for (const grant of await grantWriter(owner, writer, options.dryRun === true)) print(`${grant};`);
}
