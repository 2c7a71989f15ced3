import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import { knownDocument } from '../../domain/run/probe-decision.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { firstHttpPosition } from '../pagination/first-position.ts';
import { pageAddress } from '../pagination/page-request.ts';
import { feedAccept, jsonAccept } from './accept-headers.ts';
import { fetchDocument, type HttpTools } from './fetch-document.ts';
import { conditions, documentHash } from './http-pages.ts';

/**
 * Whether the one document of a source is the one that its last poll has read: the request is that of the poll. `plan` has its secrets
 * filled in.
 * @throws what `fetchDocument` throws
 */
export async function isSameDocument(
  plan: HttpPlan,
  state: SourceState,
  tools: HttpTools,
  signal: AbortSignal,
): Promise<boolean> {
  const place = firstHttpPosition(plan, state);
  const accept = plan.type === 'rss' ? feedAccept : jsonAccept;
  const request = { ...pageAddress(plan, place), accept, conditions: conditions(plan, state) };
  const answer = await fetchDocument(plan, request, tools, { signal });
  if (answer.kind === 'not_modified') return true;
  return answer.kind === 'document' && documentHash(answer.response.body) === knownDocument(state);
}
