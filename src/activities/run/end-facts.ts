import type { FetchPosition, PollEnd } from '../../domain/state/fetch-position.ts';
import { sinceOfPoll } from '../../sources/pagination/poll-parts.ts';

/** What the position of a poll that is over says about its end. */

/** The start time of the poll's requests: earlier records may be missing. */
export function sinceOf({ place }: FetchPosition): Pick<PollEnd, 'since'> {
  const since = sinceOfPoll(place);
  return since === null ? {} : { since };
}

/** How many records of a page had an id in common, for the alert. */
export function sharedIdsOf({ duplicates }: FetchPosition): Pick<PollEnd, 'duplicates'> {
  return duplicates ? { duplicates: duplicates.worst } : {};
}

/** Copies are deleted once the run has ended: an attempt that is repeated reads them again. */
export function copiesIn({ place }: FetchPosition): Pick<PollEnd, 'copied'> {
  return place.type === 'http' && place.copied === true ? { copied: true } : {};
}
