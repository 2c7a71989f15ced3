import type { PostgresSettings } from '../../config/environment/postgres-settings.ts';
import type { Alert } from '../../domain/monitoring/alert.ts';
import { ForeignStore, messageOf } from '../../domain/errors.ts';
import { noSource } from '../../domain/names.ts';
import { storeName } from '../../domain/storage/store-setting.ts';
import { withTimeout } from '../../formats/timeout.ts';
import { withClient } from '../../sinks/postgres/connection/client.ts';
import { prepareSession } from '../../sinks/postgres/connection/session.ts';
import type { BlobStore } from '../../store/blobs/blob-store.ts';
import { holdsData, readIdentity } from '../../store/identity.ts';
import { restoredText, settleRestoredAlert } from '../../store/alerts/restored-alert.ts';
import {
  countPair,
  inspectPair,
  pairNames,
  settleRestored,
  type Pair,
  type PairFound,
} from '../../worker/pairing/pair.ts';
import { openStore, openStoreToRead, requirePostgres, type CommonOptions, type Context } from './context.ts';
import { printInfo } from '../output/output.ts';

/** Of commands that start work. */
export interface PairOptions extends CommonOptions {
  readonly acceptNewStore?: boolean;
}

/** How long the two may take to answer. */
const answerMs = 15_000;

/** Whether a store and a database are to be taken together that do not belong together. */
export function acceptsNewStore({ environment }: Context, { acceptNewStore }: PairOptions): boolean {
  return acceptNewStore === true || environment.acceptNewStore;
}

/**
 * Joins the store and the database that `up` works with, before its worker starts.
 * @returns whether they are joined; the worker does it where they could not be
 * @throws ForeignStore if they do not belong together
 */
export async function joinPair(context: Context, options: PairOptions, settings: PostgresSettings): Promise<boolean> {
  const pair = pairOf(context, openStore(context), settings);
  const found = await countOrLook(pair, acceptsNewStore(context, options));
  if (found instanceof Error || found.kind === 'unknown') return false;
  if (found.kind === 'foreign') throw new ForeignStore(found.message);
  if (found.isFresh) {
    printInfo(
      `daybook: the database ${pair.names.database} is empty, but the store is not: sources are fetched again from scratch; ./daybook replay-csv stores the records of the journal`,
    );
  }
  await settleRestoredAlert(pair.store, found.restored);
  return true;
}

/**
 * Looks before anything is migrated: a database of another store stays as it is.
 * @throws ForeignStore if the two do not belong together, and that was not accepted
 */
export async function refuseForeignDatabase(
  context: Context,
  options: PairOptions,
  settings: PostgresSettings,
): Promise<void> {
  if (acceptsNewStore(context, options)) return;
  const found = await look(pairOf(context, openStoreToRead(context), settings), true);
  throwIfForeign(found);
}

/** A database that cannot be asked says nothing. @throws ForeignStore */
function throwIfForeign(found: PairFound | Error): void {
  if (!(found instanceof Error) && found.kind === 'foreign') throw new ForeignStore(found.message);
}

/** A role that may not count, or a store that cannot be written, keeps no one from looking; the worker reports it, too. */
async function countOrLook(pair: Pair, accept: boolean): Promise<PairFound | Error> {
  try {
    return await withTimeout(answerMs, countPair(pair, { accept }));
  } catch (error) {
    printInfo(`daybook: the store and the database could not be paired: ${messageOf(error)}`);
    return look(pair);
  }
}

/**
 * Looks whether the two belong together, for a command that gives work to others. A database that cannot be asked says nothing.
 * @param needsStore whether the command itself changes the store and the database: then a host without the store must not do it
 * @throws ForeignStore if they do not, and that was not accepted
 */
export async function requirePair(context: Context, options: PairOptions, needsStore = false): Promise<void> {
  // Workers have the store: a command must not take the database from them.
  if (acceptsNewStore(context, options)) return;
  const store = openStoreToRead(context);
  // A host that does not hold the store, such as one of a pipeline, only gives work to those that do.
  if (!needsStore && (await readIdentity(store)) === null && !(await holdsData(store))) return;
  const found = await readPair(context);
  throwIfForeign(found);
}

/** Notes that someone has handled a side restored from a copy: its alert was closed by hand. */
export async function forgetRestored(context: Context): Promise<void> {
  const found = await readPair(context);
  if (found instanceof Error || found.kind !== 'together' || found.restored === null) return;
  await settleRestored(pairOf(context, openStore(context), requirePostgres(context)), null);
}

/** The state of the pair. Changes nothing. @returns an error where the database cannot be asked */
export async function readPair(context: Context): Promise<PairFound | Error> {
  try {
    return await look(pairOf(context, openStoreToRead(context), requirePostgres(context)));
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

async function look(pair: Pair, older = false): Promise<PairFound | Error> {
  try {
    return await withTimeout(answerMs, inspectPair(pair, older));
  } catch (error) {
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** What is wrong with the pair, as an alert: a worker may not have reported it yet. */
export function pairAlerts(found: PairFound | Error, stored: readonly Alert[], now: Date): Alert[] {
  const message = pairProblem(found);
  if (message === null || stored.some((alert) => alert.message.includes(message))) return [];
  return [{ name: 'store', source: noSource, state: 'open', since: now.toISOString(), message }];
}

/** A line of `doctor`. @throws with what is wrong, and what to do */
export async function describePair(context: Context): Promise<string> {
  const found = await readPair(context);
  const problem = pairProblem(found);
  if (problem !== null) throw new Error(problem);
  if (found instanceof Error) return `not compared: ${found.message}`;
  if (found.kind !== 'together') return 'not compared: the database is not migrated';
  return found.isJoined
    ? `are paired (id ${found.id}, counter ${found.counter})`
    : 'are not paired yet: the next worker pairs them';
}

function pairProblem(found: PairFound | Error): string | null {
  if (found instanceof Error || found.kind === 'unknown') return null;
  if (found.kind === 'foreign') return found.message;
  return found.restored && restoredText(found.restored);
}

function pairOf({ environment }: Context, store: BlobStore, settings: PostgresSettings): Pair {
  return {
    store,
    schema: settings.schema,
    names: pairNames(storeName(environment.store), settings),
    connect: (work) =>
      withClient(settings, async (client) => {
        await prepareSession(client);
        return work(client);
      }),
  };
}
