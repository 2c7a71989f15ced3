import type { CheerioAPI } from 'cheerio';
import { findDate, type DateField } from './html-dates.ts';
import type { Proposal } from './proposal.ts';

type Element = Parameters<CheerioAPI['contains']>[0];

/** So many alike make a list. */
const fewest = 3;

/** Proposes how to read a listing; null if a page has no repeated elements with links. */
export function proposeHtml($: CheerioAPI): Proposal | null {
  const selector = listSelector($);
  if (selector === null) return null;
  const first = $(selector).first();
  const link = linkSelector($, selector);
  const date = findDate($, $(selector));
  const next = nextSelector($);
  const price = first.find('[class*=price i]').first();
  const titled = first.find(link).first().attr('title') !== undefined;
  return {
    source: {
      items: { selector },
      fields: {
        title: titled ? { selector: link, attr: 'title', required: true } : { selector: link, required: true },
        url: { selector: link, attr: 'href', type: 'url', required: true },
        ...(price.length > 0 ? { price: { selector: classSelector(price.attr('class')), type: 'number' } } : {}),
        ...(date === null ? {} : { time: date.field }),
      },
      id: 'url',
      occurred_at: date === null ? { on_missing: 'fetched_at' } : timeKey(date.share),
      ...(next === null ? {} : { paginator: { type: 'html_link', selector: next, max_pages: 50 } }),
    },
    notes: noteOn(date),
    ...(date === null ? detailOf(first.find(link).first().attr('href')) : {}),
  };
}

/** Items without a date where others have one get the time of the fetch. */
function timeKey(share: number): unknown {
  return share === 1 ? 'time' : { path: 'time', on_missing: 'fetched_at' };
}

function noteOn(date: DateField | null): string[] {
  if (date === null) return ['no item shows a date: records get the time of the fetch'];
  return date.share === 1 ? [] : ['some items show no date: they get the time of the fetch'];
}

function detailOf(href: string | undefined): { readonly detail?: string } {
  return href === undefined || href.startsWith('#') ? {} : { detail: href };
}

/** The selector of the most frequent elements with a link and some text. */
function listSelector($: CheerioAPI): string | null {
  const counts = new Map<string, number>();
  $('article, li, tr, div, section').each((_, element) => {
    const item = $(element);
    if (item.closest('nav, header, footer').length > 0) return;
    const name = selectorOf(element, item.attr('class'));
    if (name === null || item.find('a[href]').length === 0 || item.text().trim().length < 10) return;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  });
  const lists = [...counts].filter(([, count]) => count >= fewest);
  // An article is what it says; among equals the innermost, which comes later in the document, is the item itself.
  const best = lists.sort(([a, m], [b, n]) => score(b, n) - score(a, m))[0];
  return best?.[0] ?? null;
}

function score(selector: string, count: number): number {
  return count * (selector.startsWith('article') ? 4 : selector.includes('.') ? 2 : 1);
}

function selectorOf(element: Element, classes: string | undefined): string | null {
  const name = 'name' in element ? element.name : '';
  const chosen = classSelector(classes);
  if (chosen !== '') return name + chosen;
  return name === 'article' || name === 'li' || name === 'tr' ? name : null;
}

/** The first class that looks as if a person had named it. */
function classSelector(classes: string | undefined): string {
  const named = (classes ?? '')
    .split(/\s+/)
    .find((name) => /^[a-z][a-z_-]{2,40}$/i.test(name) && !/^(?:col|row|clearfix)/.test(name));
  return named === undefined ? '' : `.${named}`;
}

/** The item's link in a heading, else the first with text. */
function linkSelector($: CheerioAPI, selector: string): string {
  for (const heading of ['h1', 'h2', 'h3', 'h4']) {
    if ($(`${selector} ${heading} a[href]`).length >= $(selector).length) return `${heading} a`;
  }
  return 'a';
}

function nextSelector($: CheerioAPI): string | null {
  const known = ['a[rel~=next]', 'li.next a', 'a.next', '.next > a', '.pagination .next a', 'a[aria-label=Next]'];
  return known.find((selector) => $(selector).first().attr('href') !== undefined) ?? null;
}
