import { findSource } from '../../../config/file/find-source.ts';
import { planOf } from '../../../config/plan/plan.ts';
import type { SourceConfig } from '../../../config/schema/source-schemas.ts';
import { idText } from '../../../domain/state/id-change.ts';
import { isSameId } from '../../../domain/state/source-state.ts';
import type { Found } from '../../../sinks/postgres/commands/rekey-tables.ts';
import { createIdsOf } from '../../../sources/compute/stored-ids.ts';
import { createThreadCompute } from '../../../sources/compute/thread-compute.ts';
import type { BlobStore } from '../../../store/blobs/blob-store.ts';
import { waitingDeliveries } from '../../../store/delivery/deferred.ts';
import { readIdRule } from '../../../store/run/id-rules.ts';
import { CannotStart, UsageError } from '../../../domain/errors.ts';
import { createContext, openStore, requireOwner, requireTemporal, type CommonOptions } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { openJournal } from '../../options/journal-selection.ts';
import { moveIds, type MovedIds } from './move-ids.ts';
import { probedUnlessPaused } from '../../options/probed-sources.ts';
import { assertNoneStarted, assertNoneOpen, assertPaused } from '../../../temporal/open-workflows.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface RekeyOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/**
 * `daybook rekey`: gives what is stored of a source the ids that its `id` finds now. Exit code 1 if new ids collide or are missing,
 * or where something may store meanwhile.
 */
export async function rekeyCommand(name: string, options: RekeyOptions): Promise<void> {
  const context = createContext(options);
  const config = loadConfig(context);
  const configured = findSource(config, name);
  requireOwnId(configured);
  const plan = planOf(config, configured);
  const dryRun = options.dryRun === true;
  const owner = requireOwner(context);
  const { instance } = context;
  const store = openStore(context);
  await assertSameRule(store, name, plan.id);
  const temporal = requireTemporal(context);
  if (!dryRun) {
    await withTemporal(temporal, async (client) => {
      await requireOwnWork(context, options, client, true);
      // The schedule first: a run that it starts now is found afterwards.
      await assertPaused(client, instance, 'rekey', [name], probedUnlessPaused(context));
      await assertNoneOpen(client, instance, 'rekey', name);
    });
    await assertNoneDeferred(store, name);
  }
  const compute = createThreadCompute();
  const result = await moveIds({
    owner,
    store,
    journal: openJournal(context),
    plan,
    dryRun,
    refuseOpen: () => withTemporal(temporal, (client) => assertNoneOpen(client, instance, 'rekey', name)),
    idsOf: createIdsOf(compute, name, plan.id),
    onProgress: progress,
  }).finally(() => void compute.close());
  progress('');
  report(name, result, options);
  if (result.refused || dryRun) return;
  await withTemporal(temporal, async (client) => assertNoneStarted(client, instance, 'rekey', name));
  printInfo(
    `archives are not changed: ./daybook restore gives their rows the new ids. Resume the source: ./daybook resume ${name}`,
  );
}

/** Ids from a feed item's guid, link or content depend on earlier items: they cannot be derived from the payload. */
function requireOwnId({ name, type, id }: SourceConfig): void {
  if (type !== 'rss' || id !== undefined) return;
  throw new UsageError(
    `rekey: ${name} has no \`id\`: the ids of its items are guids, links or hashes that depend on earlier items; set an \`id\`, e.g. id: link`,
  );
}

/** An interrupted attempt left some records under this id, and others under another one. */
async function assertSameRule(store: BlobStore, source: string, id: readonly string[]): Promise<void> {
  const rule = await readIdRule(store, source);
  if (rule === null || rule.done || isSameId(rule.id, id)) return;
  throw new CannotStart(
    `rekey: an earlier rekey of ${source} to id ${idText(rule.id)} was interrupted: set that id again, run this command again, then change it`,
  );
}

async function assertNoneDeferred(store: BlobStore, source: string): Promise<void> {
  const waiting = (await waitingDeliveries(store)).filter((one) => one.source === source);
  if (waiting.length === 0) return;
  const found = waiting.map(({ sink, batches }) => `${batches} for ${sink}`).join(', ');
  throw new CannotStart(`rekey: ${source} has deferred batches (${found}); wait until they are delivered`);
}

function report(source: string, { findings, moved, refused }: MovedIds, { json, dryRun }: RekeyOptions): void {
  const { rows, collisions, missing, days } = findings;
  if (refused) setExitCode(1);
  if (json) {
    printJson({ rows, moved, collisions: collisions.count, missing: missing.count, days: days.length });
  }
  list(collisions, 'new ids shared by several records');
  list(missing, 'records without a new id: old id and reason');
  if (refused)
    return printInfo(`rekey: ${source}: nothing was changed; choose an id that is present and unique in every record`);
  const verb = dryRun ? 'would move' : 'moved';
  if (!json) print(`${verb} ${moved} of ${rows} rows of ${source} to new ids, on ${days.length} days, and its journal`);
}

function list({ count, first }: Found, what: string): void {
  if (count === 0) return;
  printInfo(`${count} ${what}:`);
  for (const name of first) printInfo(`  ${name}`);
  if (count > first.length) printInfo(`  … and ${count - first.length} more`);
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
}
