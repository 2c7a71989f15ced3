import { rejectionReasons } from '../domain/rejection.ts';
import { writeJson } from '../domain/json.ts';
import { sourceNamePattern } from '../domain/source-name.ts';
import { listDeadLetters } from '../store/dead-letters.ts';
import { createContext, openStore, type CommonOptions } from './context.ts';
import { formatTable, print, printJson, say, shorten } from './output.ts';
import { UsageError } from './usage-error.ts';

export interface DeadLettersOptions extends CommonOptions {
  readonly source?: string;
  readonly reason?: string;
  readonly run?: string;
  readonly json?: boolean;
}

/** `daybook dead-letters list`: records that were refused, with their reasons. */
export async function listDeadLettersCommand(options: DeadLettersOptions): Promise<void> {
  const { source, reason, run } = options;
  if (reason !== undefined && !(rejectionReasons as readonly string[]).includes(reason)) {
    throw new UsageError(`--reason: found "${reason}", expected one of ${rejectionReasons.join(', ')}`);
  }
  if (source !== undefined && !sourceNamePattern.test(source)) {
    throw new UsageError(`--source: found "${source}", expected the name of a source`);
  }
  const filter = {
    ...(source === undefined ? {} : { source }),
    ...(reason === undefined ? {} : { reason }),
    ...(run === undefined ? {} : { run }),
  };
  const letters = await listDeadLetters(openStore(createContext(options)), filter);
  if (options.json) {
    for (const letter of letters) printJson(letter);
    return;
  }
  if (letters.length === 0) return say('no dead letters');
  const rows = letters.map((letter) => [
    letter.id.slice(0, 12),
    letter.source,
    letter.reason,
    String(letter.count),
    letter.at,
    shorten(letter.message, 80),
    shorten(writeJson(letter.record, true), 60),
  ]);
  print(formatTable(['id', 'source', 'reason', 'count', 'first seen', 'message', 'record'], rows));
}
