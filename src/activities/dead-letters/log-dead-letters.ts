import { log } from '@temporalio/activity';
import type { RunRef } from '../../domain/run/batch.ts';
import type { NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';

/** Letters of a batch that have a line of their own: a source that changes its shape makes thousands. */
const maxListed = 5;

/** Tells of dead letters once they are stored. Their secrets must have been taken out. */
export function logDeadLetters({ source }: RunRef, batch: number, letters: readonly NewDeadLetter[]): void {
  for (const { sourceId, reason, message: error, page, index } of letters.slice(0, maxListed)) {
    const named = sourceId === undefined ? {} : { sourceId };
    log.warn('Dead letter', { source, ...named, batch, reason, error, page, index });
  }
  const more = letters.length - maxListed;
  if (more > 0) log.warn('More dead letters', { source, batch, count: more });
}
