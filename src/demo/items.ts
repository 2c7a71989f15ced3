/**
 * A deterministic stream of market-news-like items: item `n` of a desk is always the same, and appears `n` of the desk's intervals
 * after the epoch. So the demo continues after any restart, and nothing about it has to be stored.
 */
export interface NewsItem {
  readonly id: string;
  readonly published_at: string;
  readonly headline: string;
  readonly summary: string;
  readonly tickers: readonly string[];
  readonly sentiment: number;
  readonly source: { readonly desk: Desk; readonly lang: string };
}

/** Milliseconds from one item of a desk to its next. */
const everyMs = { news: 2_000, wire: 2_000, press: 30_000, reports: 60_000 } as const;

export type Desk = keyof typeof everyMs;

/** Number of a desk's newest item at a time. */
export function newestAt(desk: Desk, ms: number): number {
  return Math.floor(ms / everyMs[desk]);
}

/** Number of a desk's first item at or after a time. */
export function firstFrom(desk: Desk, ms: number): number {
  return Math.ceil(ms / everyMs[desk]);
}

export function newsItem(desk: Desk, n: number): NewsItem {
  const random = generator(n * 31 + desk.length);
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? '';
  const company = pick(companies);
  const move = `${pick(verbs)} ${(random() * 6).toFixed(1)} %`;
  const reason = pick(reasons);
  return {
    id: `${desk}-${n}`,
    published_at: new Date(n * everyMs[desk]).toISOString(),
    headline: `${company} ${move} after ${reason}`,
    summary: `Shares of ${company} ${move} in ${pick(cities)} trading after ${reason}. ${pick(comments)}`,
    tickers: [company.slice(0, 4).toUpperCase()],
    sentiment: Math.round((random() * 2 - 1) * 100) / 100,
    source: { desk, lang: 'en' },
  };
}

const companies = [
  'Aurelia',
  'Borealis',
  'Cassini',
  'Dunmore',
  'Eastgate',
  'Fontana',
  'Galvan',
  'Halden',
  'Ibis & Sons',
];
const verbs = ['rises', 'falls', 'gains', 'slips', 'climbs', 'drops'];
const reasons = ['quarterly results', 'a profit warning', 'merger talk', 'a rate decision', 'an upgrade', 'a recall'];
const cities = ['London', 'New York', 'Tokyo', 'Frankfurt', 'Zürich', 'São Paulo'];
const comments = [
  'Analysts had expected less.',
  'Volume was twice the usual.',
  'The company gave no comment.',
  '“We see more to come”, a trader said.',
];

/** mulberry32: small, fast, the same everywhere. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
