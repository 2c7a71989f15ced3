import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import { formatEnd, formatParameter } from '../../formats/parameter-time.ts';
import { readTime } from './read-time.ts';

/** The parameters of a request that ask for records of a time, by name. */
export function timeParameters(
  { incremental }: Pick<HttpPlanBase, 'incremental'>,
  { since: start, until: end }: Pick<HttpPosition, 'since' | 'until'>,
): Readonly<Record<string, string>> {
  if (!incremental) return {};
  const { startParam, endParam, format, paramFormat = format } = incremental;
  const [since, until] = [readTime(start), readTime(end ?? null)];
  return {
    ...(startParam === null || since === null ? {} : { [startParam]: formatParameter(since, paramFormat) }),
    ...(endParam === null || until === null ? {} : { [endParam]: formatEnd(until, paramFormat) }),
  };
}
