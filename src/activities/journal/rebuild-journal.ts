import { Context } from '@temporalio/activity';
import { UnknownSource } from '../../domain/errors.ts';
import { nothingRebuilt, type RebuildSelection, type RebuildCounts } from '../../domain/storage/journal-rebuild.ts';
import type { PairSide } from '../../domain/storage/store-pair.ts';
import { withClient } from '../../sinks/postgres/connection/client.ts';
import { postgresFailure } from '../../sinks/postgres/connection/postgres-failure.ts';
import { rowsByDay, serverTime, storedSources } from '../../sinks/postgres/commands/rows-by-day.ts';
import { rebuildSource } from '../../store/journal/rebuild-source.ts';
import type { Uses } from '../support/dependencies.ts';
import { assertRekeyFinished } from '../run/rekey-guard.ts';
import { adapterContext } from '../support/adapter-context.ts';

export interface RebuildSourceInput {
  readonly source: string;
  readonly window: RebuildSelection['window'];
}

export interface PlannedRebuild {
  readonly sources: readonly string[];
  readonly searchAttribute: boolean;
}

/** Rebuilding the journal from PostgreSQL. Safe to repeat because a key that the journal has is left out. */
export function createRebuildJournal(
  dependencies: Uses<'owner' | 'journal' | 'store' | 'config' | 'searchAttribute' | 'settleRestored'>,
) {
  const { owner, journal, store, config, searchAttribute } = dependencies;
  return {
    /** The sources whose journal is to be rebuilt. */
    async planRebuild({ source }: RebuildSelection): Promise<PlannedRebuild> {
      if (source !== null) await assertRekeyFinished(store, source);
      const stored = await withClient(owner, (client) => storedSources(client, owner.schema)).catch(failed);
      if (source !== null && !stored.includes(source)) {
        throw new UnknownSource(
          `rebuild: ${source} has no rows in PostgreSQL; ${stored.length === 0 ? 'no source has any' : `sources with rows: ${stored.slice(0, 20).join(', ')}`}`,
        );
      }
      return { sources: source === null ? stored : [source], searchAttribute: searchAttribute() };
    },

    /** Rebuilds the journal of one source. */
    async rebuildSource({ source, window }: RebuildSourceInput): Promise<RebuildCounts> {
      const { signal, onProgress } = adapterContext();
      await assertRekeyFinished(store, source);
      const earlier = (Context.current().info.heartbeatDetails ?? nothingRebuilt) as RebuildCounts;
      // The next heartbeat must not lose the progress before there is more.
      onProgress(earlier);
      const { retention } = config.current().config.csv;
      const counts = await withClient(owner, (client) =>
        rebuildSource(
          {
            journal,
            store,
            signal,
            rows: (before) =>
              rowsByDay(client, owner.schema, {
                source,
                window,
                before,
              }),
            databaseTime: () => serverTime(client),
            keptSince: retention === null ? null : new Date(Date.now() - retention).toISOString().slice(0, 10),
            onProgress: (now) => onProgress(sum(earlier, now)),
          },
          source,
        ),
      ).catch(failed);
      return sum(earlier, counts);
    },

    /** Notes that an operator has handled a restored side. */
    async settleRestored({ side }: { readonly side: PairSide }): Promise<void> {
      return dependencies.settleRestored(side);
    },
  };
}

function failed(error: unknown): never {
  throw postgresFailure(error, 'the rows of the journal could not be read');
}

/** What an earlier attempt wrote is present now. */
function sum(earlier: RebuildCounts, now: RebuildCounts): RebuildCounts {
  const [written, parts] = [earlier.written + now.written, earlier.parts + now.parts];
  return { ...now, written, parts, present: Math.max(0, now.present - earlier.written) };
}
