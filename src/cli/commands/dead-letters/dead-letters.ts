import { counted } from '../../../domain/text/counted.ts';
import { rejectionReasons } from '../../../domain/dead-letters/rejection.ts';
import { writeJson } from '../../../formats/exact-json.ts';
import { sourceNamePattern } from '../../../domain/plan/source-plan.ts';
import { listDeadLetters, type DeadLetterFilter } from '../../../store/dead-letters/dead-letters.ts';
import { discardDeadLetter, restoreDeadLetter } from '../../../store/dead-letters/dead-letter-visibility.ts';
import { withIds } from '../../options/dead-letter-selection.ts';
import { createContext, openStore, openStoreToRead, type CommonOptions } from '../../options/context.ts';
import { formatTable, print, printJson, printLines, printInfo, shorten } from '../../output/output.ts';
import { suggestion } from '../../output/suggestion.ts';
import { UsageError } from '../../../domain/errors.ts';

export interface DeadLettersOptions extends CommonOptions {
  readonly source?: string;
  readonly reason?: string;
  readonly run?: string;
  readonly discarded?: boolean;
  readonly undo?: boolean;
  readonly json?: boolean;
}

/** `daybook dead-letters list`: records that were refused, with their reasons. */
export async function listDeadLettersCommand(options: DeadLettersOptions): Promise<void> {
  const filter = readFilter(options);
  const letters = await listDeadLetters(openStoreToRead(createContext(options)), filter);
  if (options.json) {
    for (const letter of letters) printJson(letter);
    return;
  }
  if (letters.length === 0) return printInfo('no dead letters');
  const rows = letters.map((letter) => [
    letter.id.slice(0, 12),
    letter.source,
    letter.reason,
    String(letter.count),
    letter.at,
    shorten(letter.message, 80),
    shorten(writeJson(letter.record, true), 60),
  ]);
  printLines(formatTable(['id', 'source', 'reason', 'count', 'first seen', 'message', 'record'], rows));
}

/** `daybook dead-letters discard`: hides dead letters that need no further attention, or shows them again. */
export async function discardDeadLettersCommand(ids: readonly string[], options: DeadLettersOptions): Promise<void> {
  const filter = readFilter({ ...options, discarded: true });
  if (ids.length === 0 && filter.source === undefined && filter.reason === undefined && filter.run === undefined) {
    throw new UsageError('specify dead letters by id, --source, --reason or --run');
  }
  const store = openStore(createContext(options));
  const undo = options.undo === true;
  const letters = withIds(await listDeadLetters(store, filter), ids).filter(
    ({ discardedAt }) => (discardedAt === null) !== undo,
  );
  for (const { id } of letters) await (undo ? restoreDeadLetter(store, id) : discardDeadLetter(store, id, new Date()));
  const what = counted(letters.length, 'dead letter');
  print(
    undo
      ? `${what} restored to the list`
      : suggestion(
          `${what} discarded; ./daybook dead-letters list --discarded shows them, discard --undo restores them`,
        ),
  );
}

/** The options that select dead letters. @throws UsageError */
export function readFilter(options: DeadLettersOptions): DeadLetterFilter {
  const { source, reason, run, discarded } = options;
  if (reason !== undefined && !(rejectionReasons as readonly string[]).includes(reason)) {
    throw new UsageError(`--reason: found "${reason}", expected one of ${rejectionReasons.join(', ')}`);
  }
  if (source !== undefined && !sourceNamePattern.test(source)) {
    throw new UsageError(`--source: found "${source}", expected a source name`);
  }
  return {
    ...(source === undefined ? {} : { source }),
    ...(reason === undefined ? {} : { reason }),
    ...(run === undefined ? {} : { run }),
    ...(discarded === true ? { discarded } : {}),
  };
}
