import type { IncrementalPlan, PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpJsonConfig } from '../schema/source-schemas.ts';

export function paginatorPlan(paginator: HttpJsonConfig['paginator']): PaginatorPlan {
  const { stop_after_empty_page: stops, end_on: endOn } = paginator;
  const limits = {
    hasMorePath: paginator.has_more_path ?? null,
    stopAfterEmptyPage: stops ?? true,
    ...(stops === undefined && pagesSayWhatFollows(paginator) ? { followsEmptyPages: true as const } : {}),
    ...(endOn ? { endOn } : {}),
    ...('resume' in paginator && paginator.resume ? { resume: paginator.resume } : {}),
    maxPages: paginator.max_pages ?? null,
  };
  switch (paginator.type) {
    case 'single_page':
    case 'header_link':
      return { type: paginator.type, ...limits };
    case 'page_number': {
      const { page_param: pageParam, base_page: basePage, total_path: totalPath = null } = paginator;
      return { type: 'page_number', pageParam, basePage, totalPath, ...limits };
    }
    case 'offset': {
      const { offset_param: offsetParam, limit_param: limitParam, limit, total_path: totalPath = null } = paginator;
      return { type: 'offset', offsetParam, limitParam, limit, totalPath, ...limits };
    }
    case 'cursor': {
      const { cursor_path: cursorPath, cursor_param: cursorParam } = paginator;
      return { type: 'cursor', cursorPath, cursorParam, ...limits };
    }
    case 'json_link':
      return { type: 'json_link', nextUrlPath: paginator.next_url_path, ...limits };
    case 'html_link':
      return { type: 'html_link', selector: paginator.selector, ...limits };
  }
}

/** Only counted pages without a total end at an empty page. */
function pagesSayWhatFollows(paginator: HttpJsonConfig['paginator']): boolean {
  if (paginator.type === 'single_page') return false;
  if (paginator.type !== 'page_number' && paginator.type !== 'offset') return true;
  return paginator.has_more_path !== undefined || paginator.total_path !== undefined;
}

/** The parts of a paginator that decide what is requested: a change of how a poll ends does not make it another source. */
export function asked({
  followsEmptyPages: _follows,
  endOn: _endOn,
  resume: _resume,
  ...paginator
}: PaginatorPlan): object {
  return paginator;
}

export function askedSince({ order: _order, ...incremental }: IncrementalPlan): object {
  return incremental;
}

export function incrementalPlan({ incremental }: Pick<HttpJsonConfig, 'incremental'>): IncrementalPlan | null {
  if (!incremental) return null;
  return {
    cursor: incremental.cursor,
    format: incremental.format,
    startParam: incremental.start_param ?? null,
    endParam: incremental.end_param ?? null,
    initialValue: incremental.initial_value ?? null,
    lagMs: incremental.lag,
    ...(incremental.param_format === undefined ? {} : { paramFormat: incremental.param_format }),
    ...(incremental.order === 'desc' ? { order: incremental.order } : {}),
  };
}
