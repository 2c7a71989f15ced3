import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { Micros } from '../../domain/time/timestamp.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { createTimeReader } from '../extraction/occurred-at.ts';
import { formatParameter } from '../../formats/parameter-time.ts';
import { readTime } from '../pagination/read-time.ts';
import type { CheckedPage } from '../extraction/checked-page.ts';

/**
 * Makes the function that warns where a source was asked for what is newer, and gives older records as well: it may not know the
 * parameter, or interpret it differently. What `lag` allows, and what the format cuts off the time, is tolerated.
 */
export function createStartCheck(
  plan: SourcePlan,
  { place }: Pick<FetchPosition, 'place'>,
): (page: Pick<CheckedPage, 'valid'>) => Warning[] {
  const oldest = oldestAsked(plan, place);
  if (oldest === null) return () => [];
  const { bound, param } = oldest;
  const message = `the API was asked for newer records with ${param}, but returned older ones as well: correct its name or incremental.format`;
  return ({ valid }) => {
    const count = valid.filter(({ record: { cursorTime, occurredAt } }) => {
      const time = cursorTime === undefined ? occurredAt : cursorTime;
      return time !== null && time < bound;
    }).length;
    return count > 0 ? [{ code: 'start_param_ignored', message, count }] : [];
  };
}

/** The time from which on a source was asked for records; null if it was asked for all. */
function oldestAsked(plan: SourcePlan, place: FetchPosition['place']): { bound: Micros; param: string } | null {
  if (plan.type === 'file' || plan.type === 'module' || place.type !== 'http') return null;
  // A placeholder with a shift of its own asks for another time.
  if (!plan.incremental || (plan.incremental.startParam === null && plan.incremental.sinceNamed !== 'plain'))
    return null;
  const { startParam, format, paramFormat: written = format, lagMs } = plan.incremental;
  const since = readTime(place.since);
  if (since === null) return null;
  const asked = createTimeReader(written, 'UTC')(formatParameter(since, written), new Date());
  const param = startParam === null ? '`${since}`' : `incremental.start_param \`${startParam}\``;
  return asked.ok ? { bound: asked.micros - BigInt(lagMs) * 1000n, param } : null;
}
