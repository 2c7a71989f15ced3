import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { DaybookError, messageOf, SinkUnavailable } from '../../../domain/errors.ts';
import type { SourcePlan } from '../../../domain/plan/source-plan.ts';
import { clearPollState } from '../../../domain/state/source-state.ts';
import { withRekey, type RekeyFindings } from '../../../sinks/postgres/commands/rekey-rows.ts';
import type { IdsOf } from '../../../sources/compute/stored-ids.ts';
import type { BlobStore } from '../../../store/blobs/blob-store.ts';
import { deleteIdRule, readIdRule, writeIdRule } from '../../../store/run/id-rules.ts';
import type { Journal } from '../../../store/journal/journal.ts';
import { readAllLines, rekeyJournal } from '../../../store/journal/rekey-journal.ts';
import { changeState } from '../../../store/run/states.ts';

export interface MoveIds {
  readonly owner: PostgresSettings;
  readonly store: BlobStore;
  readonly journal: Journal;
  readonly plan: SourcePlan;
  /** Finds ids by the plan's `id`. */
  readonly idsOf: IdsOf;
  /** Only report. */
  readonly dryRun: boolean;
  /** Checks whether something stores in the meantime. @throws if so */
  readonly refuseOpen: () => Promise<void>;
  /** Called with the current step. */
  readonly onProgress: (text: string) => void;
}

export interface MovedIds {
  readonly findings: RekeyFindings;
  /** Rows that were moved, or would be in a dry run. */
  readonly moved: number;
  /** Whether something prevented it: nothing was changed. */
  readonly refused: boolean;
}

/**
 * Gives all that is stored of a source the ids that its `id` finds now. In this order; each step may be repeated, and the command
 * begins at the first one again after a kill:
 *
 * 1. The rule is noted as not done, and its state gets a new epoch, by which workers notice that. From here on no run and no replay of the
 *    source begins: it would bring back former ids, or store under new ones what is about to get them. It is the same rule each time.
 *    What began before is refused.
 * 2. Rows and lines are read: new ids that collide, or are missing, refuse everything, and the rule is as it was before, also after an
 *    attempt that was interrupted up to here: the ledger moves first.
 * 3. What the last poll saw goes from the state: it names former ids. It has gone already, or goes now.
 * 4. The ledger moves in one transaction, once, which is noted in it; then the rows, day by day. A row's new id is found in its
 *    payload, and does not depend on the id that it has; for a key without a row only its id is known.
 * 5. The journal moves, file by file, in the same way.
 * 6. The state learns by which `id` all is stored, the note of the ledger goes, and the rule is done: archives are read by it from now on.
 */
export async function moveIds({ owner, store, journal, plan, idsOf, ...rest }: MoveIds): Promise<MovedIds> {
  const { dryRun, onProgress } = rest;
  const { name: source, id, shapeFingerprint } = plan;
  return withRekey(owner, source, id, idsOf, async (rekey) => {
    const before = await rekey.now();
    const present = await readIdRule(store, source);
    const isContinued = present?.done === false;
    const former = (isContinued ? present.former : present) ?? null;
    const reattached = async () => {
      if (former) await writeIdRule(store, source, former);
      else await deleteIdRule(store, source);
    };
    if (!dryRun) {
      await writeIdRule(store, source, { id, before, done: false, ...(former ? { former } : {}) });
      await changeState(store, source, (state) => state);
      await rest.refuseOpen().catch(async (error: unknown) => {
        // An interrupted attempt may have moved some.
        if (!isContinued) await reattached();
        throw error;
      });
    }
    await rekey.readRows((rows) => onProgress(`${rows} rows read`));
    let lines = 0;
    for await (const some of ofJournal(readAllLines(journal, source))) {
      await rekey.addLines(some);
      onProgress(`${(lines += some.length)} lines of the journal read`);
    }
    const findings = await rekey.findings();
    const refused = findings.collisions.count > 0 || findings.missing.count > 0;
    // An interrupted attempt that has moved the ledger was not refused.
    if (refused && !dryRun && !rekey.isLedgerMoved) await reattached();
    if (refused || dryRun) return { findings, moved: refused ? 0 : findings.moving, refused };
    await changeState(store, source, (state) => state && clearPollState(state));
    const moved = await rekey.move(findings.days, (rows) => onProgress(`${rows} rows moved`));
    const { signal } = new AbortController();
    const moving = rekeyJournal({ journal, source, idsOf, signal }, (day) => onProgress(`journal of ${day}`));
    await moving.catch(journalFailure);
    await changeState(store, source, (state) => state && { ...state, shapeFingerprint, id });
    await rekey.end();
    await writeIdRule(store, source, { id, before, done: true });
    return { findings, moved, refused };
  });
}

async function* ofJournal<T>(lines: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield* lines;
  } catch (error) {
    journalFailure(error);
  }
}

/** An error of the file system does not come from PostgreSQL. */
function journalFailure(error: unknown): never {
  if (error instanceof DaybookError) throw error;
  throw new SinkUnavailable(`journal: ${messageOf(error)}; run it again`, { cause: error });
}
