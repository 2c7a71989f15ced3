import type { IncrementalPlan, PageNumberPlan, PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpJsonConfig } from '../schema/source-schemas.ts';
import type { NamedPlaceholders } from './named-placeholders.ts';

/**
 * @param named placeholders of the request: what it names itself is not added to its query
 */
export function paginatorPlan(paginator: HttpJsonConfig['paginator'], named: NamedPlaceholders): PaginatorPlan {
  const { stop_after_empty_page: stops, end_on: endOn } = paginator;
  const limits = {
    hasMorePath: paginator.has_more_path ?? null,
    stopAfterEmptyPage: stops ?? true,
    ...(stops === undefined && pagesSayWhatFollows(paginator) ? { followsEmptyPages: true as const } : {}),
    ...(endOn ? { endOn } : {}),
    ...('resume' in paginator && paginator.resume ? { resume: paginator.resume } : {}),
    maxPages: paginator.max_pages ?? null,
    ...(named.last.length > 0 ? { lastPaths: named.last } : {}),
  };
  const unless = (name: 'page' | 'offset' | 'limit', written: string | undefined) =>
    written ?? (named.names.has(name) || (name === 'limit' && named.names.has('offset')) ? null : name);
  switch (paginator.type) {
    case 'single_page':
    case 'header_link':
      return { type: paginator.type, ...limits };
    case 'page_number': {
      const { base_page: basePage, total_path: totalPath = null } = paginator;
      const pageParam = unless('page', paginator.page_param);
      return { type: 'page_number', pageParam, basePage, totalPath, ...limits, ...totalHeaderOf(paginator) };
    }
    case 'offset': {
      const { limit, total_path: totalPath = null } = paginator;
      const offsetParam = unless('offset', paginator.offset_param);
      const limitParam = unless('limit', paginator.limit_param);
      const {
        next_offset_path: nextOffsetPath,
        next_offset_header: nextOffsetHeader,
        max_offset: maxOffset,
        base_offset: baseOffset = 0,
      } = paginator;
      return {
        type: 'offset',
        offsetParam,
        limitParam,
        limit,
        totalPath,
        ...limits,
        ...totalHeaderOf(paginator),
        ...(nextOffsetPath === undefined ? {} : { nextOffsetPath }),
        ...(nextOffsetHeader === undefined ? {} : { nextOffsetHeader }),
        ...(maxOffset === undefined ? {} : { maxOffset }),
        ...(baseOffset === 0 ? {} : { baseOffset }),
      };
    }
    case 'cursor': {
      const {
        cursor_path: cursorPath = null,
        cursor_param: cursorParam = null,
        cursor_header: cursorHeader,
      } = paginator;
      const header = cursorHeader === undefined ? {} : { cursorHeader };
      return { type: 'cursor', cursorPath, cursorParam, ...limits, ...header };
    }
    case 'keyset': {
      const { key = named.last[0] ?? '', key_param: keyParam = null } = paginator;
      return { type: 'keyset', key, keyParam, ...limits };
    }
    case 'json_link':
      return { type: 'json_link', nextUrlPath: paginator.next_url_path, ...limits };
    case 'html_link':
      return { type: 'html_link', selector: paginator.selector, ...limits };
  }
}

function totalHeaderOf({
  total_header: totalHeader,
  shifting,
}: Counted): Pick<PageNumberPlan, 'totalHeader' | 'shifting'> {
  return {
    ...(totalHeader === undefined ? {} : { totalHeader }),
    ...(shifting === true ? { shifting } : {}),
  };
}

type Counted = Extract<HttpJsonConfig['paginator'], { type: 'page_number' | 'offset' }>;

/** Whether a paginator uses a key that 0.2.0 did not have, and that changes what is requested. */
export function hasNewKeys(paginator: HttpJsonConfig['paginator']): boolean {
  if (paginator.type === 'keyset') return true;
  return newKeys.some((key) => Object.entries(paginator).some(([name, value]) => name === key && value !== undefined));
}

const newKeys = [
  'total_header',
  'next_offset_path',
  'next_offset_header',
  'max_offset',
  'base_offset',
  'cursor_header',
];

/** Only counted pages without a total end at an empty page. */
function pagesSayWhatFollows(paginator: HttpJsonConfig['paginator']): boolean {
  if (paginator.type === 'single_page') return false;
  if (paginator.type === 'keyset') return paginator.has_more_path !== undefined;
  if (paginator.type !== 'page_number' && paginator.type !== 'offset') return true;
  return [paginator.has_more_path, paginator.total_path, paginator.total_header].some((key) => key !== undefined);
}

/** The parts of a paginator that decide what is requested: a change of how a poll ends does not make it another source. */
export function asked({
  followsEmptyPages: _follows,
  endOn: _endOn,
  resume: _resume,
  lastPaths: _last,
  ...paginator
}: PaginatorPlan): object {
  if (paginator.type !== 'page_number' && paginator.type !== 'offset') return paginator;
  const { shifting: _shifting, ...counted } = paginator;
  return counted;
}

export function askedSince({
  order: _order,
  sinceNamed: _since,
  untilNamed: _until,
  stepMs: _step,
  ...incremental
}: IncrementalPlan): object {
  return incremental;
}

export function incrementalPlan(
  { incremental }: Pick<HttpJsonConfig, 'incremental'>,
  named: NamedPlaceholders,
): IncrementalPlan | null {
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
    ...(incremental.step === undefined ? {} : { stepMs: incremental.step }),
    ...(named.names.has('since') ? { sinceNamed: named.sinceChanged ? ('changed' as const) : ('plain' as const) } : {}),
    ...(named.names.has('until') ? { untilNamed: true as const } : {}),
  };
}
