import { newestAt, newsItem } from './items.ts';
import { escapeMarkup } from './press-feed.ts';

const perPage = 10;
const pages = 4;

/** Page `page` (from 1) of the listing `/reports`, newest reports first; null if there is no such page. */
export function reportPage(page: number, nowMs: number): string | null {
  if (!Number.isInteger(page) || page < 1 || page > pages) return null;
  const first = newestAt('reports', nowMs) - (page - 1) * perPage;
  const articles = Array.from({ length: perPage }, (_, index) => article(first - index));
  const next = page < pages ? `<li class="next"><a href="/reports?page=${page + 1}">next</a></li>` : '';
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Reports, page ${page} of ${pages}</title></head>
<body>
<h1>Reports</h1>
<main>
${articles.join('\n')}
</main>
<ul class="pager"><li>page ${page} of ${pages}</li>${next}</ul>
</body>
</html>
`;
}

function article(n: number): string {
  const { id, headline, summary, published_at: published, tickers, sentiment } = newsItem('reports', n);
  return `<article class="report">
<h2><a href="/reports/${id}">${escapeMarkup(headline)}</a></h2>
<time datetime="${published}">${published.slice(11, 16)} UTC</time>
<p>${escapeMarkup(summary)}</p>
<span class="sentiment">${sentiment}</span> ${tickers.map((ticker) => `<span class="ticker">${escapeMarkup(ticker)}</span>`).join(' ')}
</article>`;
}
