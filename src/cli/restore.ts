import { restoreDay, unkeepDay } from '../sinks/postgres/restore-day.ts';
import { createArchives } from '../store/archives.ts';
import { createContext, openStore, requireOwner, type CommonOptions } from './context.ts';
import { parseDay } from './day-option.ts';
import { print, printJson, say } from './output.ts';
import { UsageError } from './usage-error.ts';

export interface RestoreOptions extends CommonOptions {
  readonly day?: string;
  readonly undo?: boolean;
  readonly json?: boolean;
}

/** `daybook restore`: brings a retired day back from its archive, and keeps it; with `--undo`, keeps it no longer. */
export async function restoreCommand(options: RestoreOptions): Promise<void> {
  if (options.day === undefined) throw new UsageError('found no --day, expected one, e.g. --day 2026-11-01');
  const day = parseDay(options.day);
  const context = createContext(options);
  const owner = requireOwner(context);
  if (options.undo) {
    const wasKept = await unkeepDay(owner, day);
    if (options.json) return printJson({ day, wasKept });
    return print(
      wasKept ? `${day} is kept no longer: the next rollover retires it` : `${day} is not kept: it was not restored`,
    );
  }
  const result = await restoreDay({ owner, archives: createArchives(openStore(context)), day });
  if (options.json) return printJson(result);
  const { archives, rows, restored } = result;
  print(`restored ${restored} of ${rows} rows of ${day} from ${archives.join(', ')}`);
  if (restored < rows) say(`${rows - restored} were there already, or their keys are stored under another time`);
  say(`${day} is kept until ./daybook restore --day ${day} --undo`);
}
