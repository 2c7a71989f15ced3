import { firstFrom, newestAt, newsItem, type NewsItem } from './items.ts';

/** How far back the API reaches when it is not asked since when. */
const horizonMs = 3_600_000;
const defaultPerPage = 100;

export interface NewsPage {
  readonly items: readonly NewsItem[];
  readonly page: number;
  readonly total_pages: number;
}

/** Answers `GET /api/news?since=<ISO time>&page=<from 1>&per_page=<n>`, oldest items first. */
export function newsPage(query: URLSearchParams, nowMs: number): NewsPage {
  const since = Date.parse(query.get('since') ?? '');
  const oldest = nowMs - horizonMs;
  const first = firstFrom('news', Number.isNaN(since) ? oldest : Math.max(since, oldest));
  const count = Math.max(0, newestAt('news', nowMs) - first + 1);
  const perPage = positive(query.get('per_page'), defaultPerPage);
  const page = positive(query.get('page'), 1);
  const start = first + (page - 1) * perPage;
  const length = Math.max(0, Math.min(perPage, first + count - start));
  return {
    items: Array.from({ length }, (_, index) => newsItem('news', start + index)),
    page,
    total_pages: Math.max(1, Math.ceil(count / perPage)),
  };
}

function positive(text: string | null, otherwise: number): number {
  const number = Number(text ?? otherwise);
  return Number.isInteger(number) && number > 0 ? Math.min(number, 1_000_000) : otherwise;
}
