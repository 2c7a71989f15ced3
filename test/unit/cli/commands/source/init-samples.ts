/** What an address answers, what is to be proposed for it, and how many records that has to read. */
export interface Sample {
  readonly type: string;
  readonly body: string;
  readonly records: number;
  /** Parts of the proposal. */
  readonly parts: readonly string[];
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const day = (n: number) => `2026-11-${String(n).padStart(2, '0')}`;
const json = (page: unknown, records: number, ...parts: string[]): Sample => {
  return { type: 'application/json', body: JSON.stringify(page), records, parts };
};
const html = (body: string, records: number, ...parts: string[]): Sample => {
  return { type: 'text/html', body: `<html><body><main>${body}</main></body></html>`, records, parts };
};
const items = (field: string, value: (n: number) => unknown) =>
  numbers(4).map((n) => ({ id: `x${n}`, title: `Item ${n}`, [field]: value(n) }));
const posts = (date: (n: number) => string) =>
  numbers(4)
    .map((n) => `<li class="post"><h2><a href="/post/${n}">Post number ${n}</a></h2>${date(n)}</li>`)
    .join('');

export const samples: Readonly<Record<string, Sample>> = {
  '/iso': json(
    items('created_at', (n) => `${day(n)}T10:00:00Z`),
    4,
    'occurred_at: created_at',
  ),
  '/date-only': json({ data: items('date', day) }, 4, 'records: data', 'occurred_at: date'),
  '/german': json(
    items('datum', (n) => `0${n}.11.2026`),
    4,
    'path: datum',
    'format: dd.MM.yyyy',
  ),
  '/german-time': json(
    items('stand', (n) => `0${n}.11.2026 08:30`),
    4,
    'format: dd.MM.yyyy HH:mm',
  ),
  '/british': json(
    items('date', (n) => `${12 + n}/11/2026`),
    4,
    'format: dd/MM/yyyy',
  ),
  '/american': json(
    items('date', (n) => `11/${12 + n}/2026`),
    4,
    'format: MM/dd/yyyy',
  ),
  '/words': json(
    items('published', (n) => `Nov ${n}, 2026`),
    4,
    'format: MMM d, yyyy',
  ),
  '/compact': json(
    items('day', (n) => day(n).replaceAll('-', '')),
    4,
    'path: day',
    'format: yyyyMMdd',
  ),
  '/slashes': json(
    items('updated', (n) => `2026/11/0${n} 09:00`),
    4,
    'format: yyyy/MM/dd HH:mm',
  ),
  '/epoch': json(
    items('ts', (n) => 1_790_000_000 + n),
    4,
    'format: epoch_s',
  ),
  '/epoch-text': json(
    items('timestamp', (n) => `${1_790_000_000 + n}`),
    4,
    'format: epoch_s',
  ),
  '/epoch-ms': json(
    items('time', (n) => 1_790_000_000_000 + n),
    4,
    'format: epoch_ms',
  ),
  '/mail': json(
    items('date', (n) => `0${n} Nov 2026 10:00:00 GMT`),
    4,
    'format: rfc822',
  ),
  '/some': json(
    items('published_at', (n) => (n === 4 ? null : day(n))),
    4,
    'path: published_at',
    'on_missing: fetched_at',
  ),
  '/updated-only': json(
    items('meta', (n) => ({ updated_at: day(n) })),
    4,
    'occurred_at: meta.updated_at',
  ),
  '/hyphens': json(
    numbers(3).map((n) => ({ 'order-id': n, 'created-at': day(n) })),
    3,
    'order-id',
    'created-at',
  ),
  '/no-time': json(
    numbers(3).map((n) => ({ id: n, name: `n${n}` })),
    3,
    'on_missing: fetched_at',
    'no field has a time',
  ),
  '/stations': json(
    {
      stations: numbers(2).map((s) => ({
        name: `station ${s}`,
        readings: numbers(3).map((n) => ({ reading_id: `${s}-${n}`, at: `${day(n)}T00:00:00Z`, celsius: n })),
      })),
    },
    6,
    'stations[]',
    'name: $parent.name',
    'id: reading_id',
    'occurred_at: at',
  ),
  '/shared-id': json(
    numbers(2).map((s) => ({ id: s, lines: numbers(2).map((n) => ({ id: s * 10 + n, date: day(n) })) })),
    4,
    'lines',
    'occurred_at: date',
    'parent_id: $parent.id',
  ),
  '/deeper': json(
    {
      result: {
        regions: [
          { region: 'a', events: [{ uuid: 'e1', time: day(1) }] },
          { region: 'b', events: [{ uuid: 'e2', time: day(2) }] },
        ],
      },
    },
    2,
    'result.regions[]',
    'id: uuid',
  ),
  '/labels': json(
    numbers(3).map((n) => ({ id: n, created_at: day(n), labels: [{ id: 1, at: day(9) }] })),
    3,
    'occurred_at: created_at',
  ),
  '/html-time': html(
    posts((n) => `<time datetime="${day(n)}T08:00:00Z">today</time>`),
    4,
    'time[datetime]',
    'occurred_at: time',
  ),
  '/html-text': html(
    posts((n) => `<span class="date">${n}. November 2026</span>`),
    4,
    'span.date',
    'occurred_at: time',
  ),
  '/html-plain': html(
    posts((n) => `<p>by Ann on November ${n}, 2026</p>`),
    4,
    'regex',
    'occurred_at: time',
  ),
  '/html-attribute': html(
    posts((n) => `<span class="date" title="${day(n)}T00:00:00Z">a while ago</span>`),
    4,
    'attr: title',
  ),
  '/html-some': html(
    posts((n) => (n === 4 ? '' : `<span class="date">${day(n)}</span>`)),
    4,
    'on_missing: fetched_at',
    'path: time',
  ),
  '/html-table': html(
    `<table>${numbers(4)
      .map((n) => `<tr><td><a href="/doc/${n}">Document ${n}</a></td><td>${day(n)}</td></tr>`)
      .join('')}</table>`,
    4,
    'td:nth-child(2)',
    'occurred_at: time',
  ),
  '/html-detail': html(
    posts(() => ''),
    4,
    'detail:',
    'url: url',
    'occurred_at:',
    'path: time',
  ),
  '/rss': {
    type: 'text/xml',
    records: 2,
    parts: ['type: rss'],
    body: `<rss version="2.0"><channel>${numbers(2)
      .map((n) => `<item><guid>g${n}</guid><pubDate>0${n} Nov 2026 10:00:00 GMT</pubDate></item>`)
      .join('')}</channel></rss>`,
  },
};

/** Files, with how many records they hold. */
export const files: readonly (readonly [name: string, text: string, records: number, part: string])[] = [
  ['a.csv', 'Order No;Tag;Betrag\n1;05.11.2026;3\n2;06.11.2026;4\n', 2, 'path: a.csv'],
  ['b.csv', 'id,when\n1,2026-11-05 10:00\n2,2026-11-06 11:00\n', 2, 'when'],
  ['c.ndjson', '{"key":"a","date":"11/25/2026"}\n{"key":"b","date":"11/26/2026"}\n', 2, 'MM/dd/yyyy'],
  ['d.json', JSON.stringify([{ id: 1, at: '2026-11-01' }]), 1, 'occurred_at: at'],
];

/** Samples that go through the whole command; the others through what it proposes by. */
export const whole = ['/iso', '/german', '/hyphens', '/stations', '/html-plain', '/html-table', '/html-detail', '/rss'];
