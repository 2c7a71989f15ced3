import type { FetchPosition, PollEnd, StatePatch } from './fetch-position.ts';
import type { SourceState } from './source-state.ts';

/** Polls in a row without a readable cursor, before that is an alert. */
const maxPolls = 3;

/**
 * What the end of a poll shows about the cursor: the state counts polls in a row in which no record had a time there, for each of
 * them reads everything.
 */
export function countUnreadable(
  name: string,
  state: Pick<SourceState, 'unreadableCursor'>,
  { unreadableCursor, watermark }: Pick<FetchPosition, 'unreadableCursor' | 'watermark'>,
  end: PollEnd | null,
): { readonly patch: Pick<StatePatch, 'unreadableCursor'>; readonly alert: Pick<PollEnd, 'paging'> } {
  const { unreadableCursor: before = 0 } = state;
  if (!end || end.notModified || end.notBefore !== null) return { patch: {}, alert: {} };
  const isUnreadable = unreadableCursor === true && watermark === null;
  // A poll without records shows nothing about it.
  if (!isUnreadable) return { patch: before > 0 && watermark !== null ? { unreadableCursor: 0 } : {}, alert: {} };
  const polls = before + 1;
  const paging = `${name}: no record had a time at incremental.cursor in ${polls} polls in a row, so each poll reads everything; correct incremental.cursor or incremental.format. The watermark does not change`;
  return { patch: { unreadableCursor: polls }, alert: polls >= maxPolls ? { paging } : {} };
}
