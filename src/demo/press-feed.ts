import { newestAt, newsItem } from './items.ts';

const items = 20;

export interface PressFeed {
  readonly etag: string;
  readonly xml: string;
}

/** The newest items as RSS 2.0; the ETag changes with each new one. */
export function pressFeed(origin: string, nowMs: number): PressFeed {
  const newest = newestAt('press', nowMs);
  const entries = Array.from({ length: items }, (_, index) => entry(origin, newest - index));
  return {
    etag: `"press-${newest}"`,
    xml: `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel>
<title>Daybook demo: press</title>
<link>${origin}/</link>
<description>Market-news-like items, one every 30 seconds</description>
${entries.join('\n')}
</channel></rss>
`,
  };
}

function entry(origin: string, n: number): string {
  const { id, headline, summary, published_at: published, tickers } = newsItem('press', n);
  return `<item>
<guid isPermaLink="false">${id}</guid>
<link>${origin}/press/${id}</link>
<title>${escapeMarkup(headline)}</title>
<description>${escapeMarkup(summary)}</description>
<pubDate>${new Date(published).toUTCString()}</pubDate>
${tickers.map((ticker) => `<category>${escapeMarkup(ticker)}</category>`).join('')}
</item>`;
}

export function escapeMarkup(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
