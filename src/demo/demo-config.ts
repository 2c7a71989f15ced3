import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where the demo's file source reads, relative to its configuration. */
export const wirePath = 'incoming/wire.ndjson';

/** The demo's configuration: users may edit it, so it is written once; later only the origin's port is kept right in it. */
export function writeDemoConfig(file: string, originPort: number): void {
  const origin = `http://127.0.0.1:${originPort}/`;
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, template(origin));
    return;
  }
  const text = readFileSync(file, 'utf8');
  const moved = text.replaceAll(/http:\/\/127\.0\.0\.1:\d+\//g, origin);
  if (moved !== text) writeFileSync(file, moved);
}

function template(origin: string): string {
  return `# The demo's sources. Edit them while the demo runs: the file is read again at each run.
version: 1

defaults:
  schedule: { every: 10s }
  # The demo's origin runs on this machine; sources on the internet need no such line.
  allow_private: true
  # Between two items there may be none.
  allow_empty: true

sources:
  # A JSON API with pages, asked only for what is new.
  - name: news
    type: http_json
    url: ${origin}api/news
    records: items
    id: id
    occurred_at: published_at
    paginator: { type: page_number, page_param: page, base_page: 1, total_path: total_pages }
    incremental: { cursor: published_at, start_param: since }

  # A feed. Its ETag lets most polls end with 304: nothing new.
  - name: press
    type: rss
    url: ${origin}feed.xml

  # A listing of web pages, each with a link to the next.
  - name: reports
    type: html
    url: ${origin}reports
    items: { selector: article.report }
    fields:
      title: { selector: h2 a, required: true }
      link: { selector: h2 a, attr: href, type: url, required: true }
      published: { selector: time, attr: datetime, type: date }
      sentiment: { selector: .sentiment, type: number }
      tickers: { selector: .ticker, list: true }
    id: link
    occurred_at: published
    paginator: { type: html_link, selector: li.next a, max_pages: 10 }

  # A file of JSON lines that grows.
  - name: wire
    type: file
    path: ${wirePath}
    id: id
    occurred_at: published_at
`;
}
