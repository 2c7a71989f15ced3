import type { FetchPosition, HttpPosition } from '../../domain/state/fetch-position.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Page } from '../extraction/page.ts';
import type { Answer, HttpTools } from '../http/fetch-document.ts';
import { askFor, fetchHttpPages } from '../http/http-pages.ts';
import type { Chain } from './chain.ts';

/** What the requests of chains are made with. */
export interface ChainTools {
  readonly plan: HttpPlan;
  readonly format: DocumentFormat;
  readonly http: HttpTools;
  readonly context: FetchContext;
}

/** Requests the first page of a chain. */
export function askFirst({ plan, format, http, context }: ChainTools, chain: Chain): Promise<Answer> {
  return askFor(plan, format, placeFor(chain, chain.start), chain.state, http, context);
}

/**
 * The pages of a chain from a position on. Its pages are requested one after the other: `concurrency` is that of parents.
 * @param first see `fetchHttpPages`
 */
export function openChain(
  { plan, format, http, context }: ChainTools,
  chain: Chain,
  position: FetchPosition,
  first: Promise<Answer> | null,
): AsyncGenerator<Page> {
  const inTurn = { ...plan, concurrency: 1 };
  return fetchHttpPages(inTurn, format, placeFor(chain, position), chain.state, http, context, first);
}

function placeFor({ parent }: Chain, { place }: FetchPosition): HttpPosition {
  if (place.type !== 'http') throw new TypeError(`found a position of type ${place.type} in the chain of a parent`);
  return { ...place, parent };
}
