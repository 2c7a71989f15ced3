import { scheduleActivities } from '../activities.ts';
import { setSourceAttribute } from '../support/search-attribute.ts';
import { workflowFailure } from '../support/failure.ts';

export interface UnpauseInput {
  readonly source: string;
  /** Note of the schedule's pause. */
  readonly note: string;
}

/**
 * Ends the pause of a source's schedule. `daybook pause --until` starts it with a delay: it begins when the pause is over.
 *
 * Id: `unpause-<source>`.
 */
export async function unpause(input: UnpauseInput): Promise<void> {
  const { source, note } = (typeof input === 'object' && input !== null ? input : {}) as Partial<UnpauseInput>;
  if (typeof source !== 'string' || typeof note !== 'string') {
    throw workflowFailure({ type: 'InvalidInput', message: 'unpause: expected {"source": "…", "note": "…"}' });
  }
  const done = await scheduleActivities(source).unpauseSchedule({ source, note });
  // Histories of version 0.1.0 hold no result.
  if ((done as typeof done | undefined)?.searchAttribute) setSourceAttribute(source);
}
