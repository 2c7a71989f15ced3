import { halfMoved } from '../../../activities/run/rekey-guard.ts';
import { restoreDay, releaseRestoredDay, type RestoredDay } from '../../../sinks/postgres/days/restore-day.ts';
import { createIdsOf } from '../../../sources/compute/stored-ids.ts';
import { createThreadCompute } from '../../../sources/compute/thread-compute.ts';
import { createArchives } from '../../../store/journal/archives.ts';
import { readIdRules, ruledSources } from '../../../store/run/id-rules.ts';
import { forgetPolls, listStates } from '../../../store/run/states.ts';
import { createContext, openStore, requireOwner, type CommonOptions } from '../../options/context.ts';
import { requirePair } from '../../options/store-pair.ts';
import { parseDay } from '../../options/day-option.ts';
import { setExitCode } from '../../output/exit-code.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { ProgressLine } from '../../output/terminal/progress.ts';
import { UsageError } from '../../../domain/errors.ts';

export interface RestoreOptions extends CommonOptions {
  readonly day?: string;
  readonly undo?: boolean;
  readonly json?: boolean;
}

const quietMs = 2_000;

/**
 * `daybook restore`: restores a retired day from its archive, or opens it empty if there is none, and keeps it; `--undo` stops
 * keeping it. Exit code 1 if an archive is damaged.
 */
export async function restoreCommand(options: RestoreOptions): Promise<void> {
  if (options.day === undefined) throw new UsageError('missing --day, e.g. --day 2026-11-01');
  const day = parseDay(options.day);
  const context = createContext(options);
  const owner = requireOwner(context);
  await requirePair(context, options, true);
  if (options.undo) {
    const wasKept = await releaseRestoredDay(owner, day);
    if (options.json) return printJson({ day, wasKept });
    return print(
      wasKept
        ? `${day} is no longer kept: the next rollover retires it if it is older than partitions.retention`
        : `${day} was not restored, so there is nothing to undo`,
    );
  }
  const store = openStore(context);
  // New ids would collide with former ones in the ledger.
  const [halfDone] = (await halfMoved(store, null)).values();
  if (halfDone) throw halfDone;
  const progress = new ProgressLine();
  const startedMs = performance.now();
  const onRows = (done: number, total: number) => {
    // Most days are restored before anyone needs a progress line.
    if (performance.now() - startedMs > quietMs) progress.show({ text: `${done} of ${total} rows read`, done, total });
  };
  const compute = createThreadCompute();
  const newIds = [...(await readIdRules(store, await ruledSources(store)))].map(([source, { id, before }]) => ({
    source,
    before,
    idsOf: createIdsOf(compute, source, id),
  }));
  const archives = createArchives(store);
  const result = await restoreDay({ owner, archives, day, newIds, onRows }).finally(() => {
    progress.end();
    void compute.close();
  });
  // Only now: a poll before the day was open would have counted its records as expired, and remembered them again. Any source may
  // have contributed records.
  await forgetPolls(store, await listStates(store));
  if (result.damage !== null) setExitCode(1);
  if (options.json) return printJson(result);
  report(result);
}

function report({ day, outcome, archives, rows, restored, formerIds = 0, damage }: RestoredDay): void {
  if (outcome === 'restored') print(`restored ${restored} of ${rows} rows of ${day} from ${archives.join(', ')}`);
  if (outcome === 'opened_empty') {
    print(`no archive of ${day} exists: an empty day was opened; it accepts records again`);
  }
  if (outcome === 'kept') print(`${day} is in raw_events already: nothing was restored; it accepts records again`);
  if (restored < rows) printInfo(`${rows - restored} were stored already, or their keys have another time`);
  if (formerIds > 0) {
    printInfo(`${formerIds} keep their old ids: their payload gives no new id, or the id of another row`);
  }
  if (damage !== null) printInfo(`${damage}, and run this again if rows are missing`);
  printInfo(`${day} is kept until ./daybook restore --day ${day} --undo`);
  const refills =
    outcome === 'opened_empty'
      ? 'fills it from CSV'
      : 'restores from CSV the records that arrived while the day was retired';
  printInfo(`./daybook replay-csv --day ${day} ${refills}; the next polls store what the sources still serve`);
}
