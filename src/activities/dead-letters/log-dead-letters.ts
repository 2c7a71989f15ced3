import { log } from '@temporalio/activity';
import type { RunRef } from '../../domain/run/batch.ts';
import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';

/** Maximum number of dead letters of a batch with their own log line: a source that changes its shape has thousands. */
const maxListed = 5;

/** Logs dead letters once they are stored. Their secrets must have been removed. */
export function logDeadLetters({ source }: RunRef, batch: number, letters: readonly NewDeadLetter[]): void {
  for (const { sourceId, reason, message: error, page, index } of letters.slice(0, maxListed)) {
    const named = sourceId === undefined ? {} : { sourceId };
    log.warn('Dead letter', { source, ...named, batch, reason, error, page, index });
  }
  const more = letters.length - maxListed;
  if (more > 0) log.warn('More dead letters', { source, batch, count: more });
}
