import { sourceNamePattern } from '../../../domain/plan/source-plan.ts';
import { countRows, forgetRows, type ForgetWhat } from '../../../sinks/postgres/commands/forget-rows.ts';
import { forgetPolls } from '../../../store/run/states.ts';
import { findSource } from '../../../config/file/find-source.ts';
import { requireConfirmation } from '../../options/confirm.ts';
import { createContext, openStore, requireOwner, requireTemporal, type CommonOptions } from '../../options/context.ts';
import { probedUnlessPaused } from '../../options/probed-sources.ts';
import { loadConfig } from '../../options/load-config.ts';
import { parseDay } from '../../options/day-option.ts';
import { assertNoneStarted, assertNoneOpen, assertPaused } from '../../../temporal/open-workflows.ts';
import { print, printJson, printInfo } from '../../output/output.ts';
import { withTemporal } from '../../../temporal/connect.ts';
import { UsageError } from '../../../domain/errors.ts';
import { requireOwnWork } from '../../options/own-work.ts';

export interface ForgetOptions extends CommonOptions {
  readonly day?: string;
  readonly source?: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** `daybook forget`: removes rows and keys, so that the next poll may bring them back. Archives and CSV stay. */
export async function forgetCommand(options: ForgetOptions): Promise<void> {
  const what: ForgetWhat = {
    day: options.day === undefined ? null : parseDay(options.day),
    source: options.source ?? null,
  };
  if (what.day === null && what.source === null) {
    throw new UsageError('missing --day or --source, e.g. --day 2026-11-01');
  }
  if (what.source !== null && !sourceNamePattern.test(what.source)) {
    throw new UsageError(`--source: found "${what.source}", expected a source name`);
  }
  const context = createContext(options);
  const owner = requireOwner(context);
  const temporal = requireTemporal(context);
  const { rows, keys, sources: found } = await countRows(owner, what);
  // A removed source may still have records; a misspelt one has none.
  if (what.source !== null && found.length === 0) findSource(loadConfig(context), what.source);
  const sources = what.source === null ? found : [what.source];
  await withTemporal(temporal, async (client) => {
    await requireOwnWork(context, options, client, true);
    // The schedules first: a run that one of them starts now is found afterwards.
    await assertPaused(client, context.instance, 'forget', sources, probedUnlessPaused(context));
    await assertNoneOpen(client, context.instance, 'forget', what.source);
  });
  const about = [
    ...(what.source === null ? [] : [`of ${what.source}`]),
    ...(what.day === null ? [] : [`on ${what.day}`]),
  ];
  await requireConfirmation(`forget ${rows} rows and ${keys} keys ${about.join(' ')}`, options.yes);
  // States first: one that outlived its records would hide them from the next poll.
  const store = openStore(context);
  await forgetPolls(store, sources);
  const done = await forgetRows(owner, what, ({ rows: gone, keys: goneKeys }) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${gone} rows, ${goneKeys} keys`);
  });
  if (process.stderr.isTTY) process.stderr.write('\r');
  // A run that began and ended in the meantime remembers what is gone.
  await forgetPolls(store, new Set([...sources, ...done.sources]));
  if (options.json) printJson({ ...done, sources: found });
  else print(`forgot ${done.rows} rows and ${done.keys} keys ${about.join(' ')}`);
  await withTemporal(temporal, async (client) => assertNoneStarted(client, context.instance, 'forget', what.source));
  printInfo(
    'the next poll stores what the source still serves; a source with incremental is asked only for records after its watermark, so use ' +
      './daybook state rewind or backfill',
  );
}
