import { Context } from '@temporalio/activity';
import type { DamagedFile } from '../../domain/errors.ts';
import { addCounts, noCounts } from '../../domain/run/receipt.ts';
import {
  addDamages,
  unitName,
  type JournalSelection,
  type JournalUnit,
  type JournalReplayTally,
} from '../../domain/storage/journal.ts';
import { maxBatchBytes, maxBatchRecords } from '../../store/delivery/batches.ts';
import { ruledSources } from '../../store/run/id-rules.ts';
import type { JournalRow } from '../../store/journal/read-journal.ts';
import { readUnit } from '../../store/journal/walk-journal.ts';
import type { Uses } from '../support/dependencies.ts';
import { halfMoved, assertRekeyFinished } from '../run/rekey-guard.ts';
import { NewIds } from './new-ids.ts';
import { replayBatches, type ReplayRun } from './replay-batch.ts';
import { adapterContext, type AdapterContext } from '../support/adapter-context.ts';
import { writeRecords, type WriteTools } from '../run/write-batch.ts';

export interface ReplayDayInput {
  readonly unit: JournalUnit;
  readonly choice: JournalSelection;
  /** Run id of the first execution of the replay. */
  readonly firstRunId: string;
}

type ReplayTools = WriteTools & Uses<'compute' | 'postgres'>;

/** The progress of an attempt: where the next one continues. */
interface Place {
  readonly file: string;
  /** Rows of the file that are done. */
  readonly rows: number;
  readonly tally: JournalReplayTally;
}

const nothing: JournalReplayTally = { units: 1, records: 0, postgres: noCounts, damaged: [], damagedCount: 0 };

/**
 * Writes the records of a unit of the journal to PostgreSQL. Safe to repeat because the ledger knows what is stored, and a repeated
 * attempt continues where the one before stopped.
 */
export function createReplayDay(dependencies: ReplayTools) {
  return async function replayDay(input: ReplayDayInput): Promise<JournalReplayTally> {
    const context = adapterContext();
    const { heartbeatDetails, workflowExecution } = Context.current().info;
    const run = { workflowId: workflowExecution?.workflowId ?? '', firstRunId: input.firstRunId };
    const start = (heartbeatDetails ?? null) as Place | null;
    // The next heartbeat must not lose the position before there is a new one.
    context.onProgress(start);
    return new DayReplay(dependencies, input, run, context, start).toEnd();
  };
}

class DayReplay {
  readonly #dependencies: ReplayTools;
  readonly #input: ReplayDayInput;
  readonly #run: ReplayRun;
  readonly #context: AdapterContext;
  readonly #start: Place | null;
  #tally = nothing;
  #newIds: NewIds | null = null;
  /** Sources whose rows are left out. */
  #held: ReadonlyMap<string, unknown> = new Map();
  #rows: JournalRow[] = [];
  #bytes = 0;

  constructor(
    dependencies: ReplayTools,
    input: ReplayDayInput,
    run: ReplayRun,
    context: AdapterContext,
    start: Place | null,
  ) {
    this.#dependencies = dependencies;
    this.#input = input;
    this.#run = run;
    this.#context = context;
    this.#start = start;
  }

  async toEnd(): Promise<JournalReplayTally> {
    await this.#readRules();
    // An unavailable sink is detected at once, before a file is read up to the position.
    await this.#dependencies.postgres.probe(this.#context.signal);
    // The file of the position may have been sealed since: then all of it is read again, as duplicates.
    if (!(await this.#readFrom(this.#start))) await this.#readFrom(null);
    return this.#tally;
  }

  /** The plan has reported which sources are left out; an archive holds rows of all. */
  async #readRules(): Promise<void> {
    const { store } = this.#dependencies;
    const { unit, choice } = this.#input;
    const source = unit.kind === 'day' ? unit.source : choice.source;
    if (source !== null) await assertRekeyFinished(store, source);
    else this.#held = await halfMoved(store, null);
    const sources = source === null ? await ruledSources(store) : [source];
    this.#newIds = await NewIds.read(
      this.#dependencies,
      sources.filter((name) => !this.#held.has(name)),
    );
  }

  /** @returns whether the position was found */
  async #readFrom(place: Place | null): Promise<boolean> {
    const { unit, choice } = this.#input;
    let file = '';
    let done = 0;
    let found = place === null;
    this.#tally = nothing;
    for await (const { file: of, before, read, rows } of readUnit(
      this.#dependencies.journal,
      unit,
      choice,
      this.#onDamage,
    )) {
      this.#context.signal.throwIfAborted();
      if (of.name !== file) await this.#flush(file, done);
      file = of.name;
      done = before + read;
      if (place !== null && !found) {
        found = file === place.file && done >= place.rows;
        if (found) this.#tally = place.tally;
        if (!found || done === place.rows) continue;
      }
      const wanted = this.#held.size === 0 ? rows : rows.filter((row) => !this.#held.has(row.source));
      this.#take(this.#newIds ? await this.#newIds.of(of, wanted) : wanted);
      if (this.#rows.length >= maxBatchRecords || this.#bytes >= maxBatchBytes) await this.#flush(file, done);
    }
    await this.#flush(file, done);
    return found;
  }

  #take(rows: readonly JournalRow[]): void {
    for (const row of rows) {
      this.#rows.push(row);
      this.#bytes += row.payload.length;
    }
  }

  readonly #onDamage = (damage: DamagedFile): void => {
    this.#tally = addDamages(this.#tally, [damage.message]);
  };

  async #flush(file: string, done: number): Promise<void> {
    const rows = this.#rows.splice(0);
    this.#bytes = 0;
    for (const { batch, records } of replayBatches(this.#run, rows, `${unitName(this.#input.unit)} ${file}`, done)) {
      const { postgres } = this.#dependencies;
      const counts = await writeRecords(this.#dependencies, postgres, batch, records, {
        signal: this.#context.signal,
        onProgress: () => {},
      });
      this.#tally = {
        ...this.#tally,
        records: this.#tally.records + records.length,
        postgres: addCounts(this.#tally.postgres, counts),
      };
    }
    if (rows.length > 0) this.#context.onProgress({ file, rows: done, tally: this.#tally } satisfies Place);
  }
}
