import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { NextPage } from '../../domain/state/fetch-position.ts';
import type { Following } from './ascending-order.ts';
import { pageBehindKey } from './keyset-pages.ts';
import { nextPage, type PageFacts } from './next-page.ts';
import { behindLargestOffset } from './offset-parts.ts';

/**
 * The page after one, for pages that must be in ascending order too: those behind a key, and those that continue by time behind the
 * largest offset.
 * @throws what `nextPage` throws
 */
export function followingPage(plan: HttpPlan, place: NextPage, facts: PageFacts): Following {
  const { paginator, incremental } = plan;
  if (paginator.type === 'keyset') return pageBehindKey(plan, paginator, place, facts);
  const next = nextPage(paginator, place, facts);
  if (paginator.type !== 'offset' || paginator.maxOffset === undefined || !incremental) return { next };
  return behindLargestOffset(
    plan,
    { maxOffset: paginator.maxOffset, baseOffset: paginator.baseOffset ?? 0, incremental },
    place,
    next,
    facts,
  );
}
