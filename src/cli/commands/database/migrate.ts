import { migrate } from '../../../sinks/postgres/commands/migrate.ts';
import { grantRole, type RoleKind } from '../../../sinks/postgres/commands/roles.ts';
import { createContext, requireOwner, requirePostgres, type CommonOptions } from '../../options/context.ts';
import { print } from '../../output/output.ts';
import { UsageError } from '../../../domain/errors.ts';

export interface MigrateOptions extends CommonOptions {
  readonly roles?: boolean;
  /** Names of roles. */
  readonly reader?: string;
  readonly processor?: string;
  readonly dryRun?: boolean;
}

/** `daybook migrate`: brings the database to the newest schema; with `--roles`, `--reader` and `--processor`, grants roles what they need. */
export async function migrateCommand(options: MigrateOptions): Promise<void> {
  const context = createContext(options);
  const owner = requireOwner(context);
  const writer = requirePostgres(context).user;
  const roles: [RoleKind, string][] = [
    ...(options.roles ? [['writer', writer] as [RoleKind, string]] : []),
    ...(options.reader === undefined ? [] : [['reader', options.reader] as [RoleKind, string]]),
    ...(options.processor === undefined ? [] : [['processor', options.processor] as [RoleKind, string]]),
  ];
  if (options.dryRun && roles.length === 0) {
    throw new UsageError('--dry-run needs --roles, --reader or --processor');
  }
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
  for (const [kind, role] of roles) {
    for (const grant of await grantRole(owner, kind, role, options.dryRun === true)) print(`${grant};`);
  }
}
