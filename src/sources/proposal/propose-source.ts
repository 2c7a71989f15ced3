import { beginningOf } from '../extraction/shown-start.ts';
import { load } from 'cheerio';
import { messageOf, WrongShape } from '../../domain/errors.ts';
import { parseJson } from '../../formats/exact-json.ts';
import { parseXmlFeed } from '../feeds/xml-feed.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { decodeDocument } from '../text/decode-document.ts';
import type { Proposal } from './proposal.ts';
import { proposeDetail } from './propose-detail.ts';
import { proposeHtml } from './propose-html.ts';
import { proposeJson, proposeRecords } from './propose-json.ts';

/** Proposes how to read a response, or records of which each is JSON text. @throws WrongShape */
export async function proposeFrom(from: HttpResponse | readonly string[], isDetail = false): Promise<Proposal> {
  if (isDetail && 'body' in from) return proposeDetail(from);
  return 'body' in from ? proposeSource(from) : proposeRecords(from.map((text) => parseJson(text).value));
}

/**
 * Proposes how to read what an address answers: a feed, a JSON API, or a page that lists something.
 * @throws WrongShape if it is none of them
 */
async function proposeSource({ body, headers, url }: HttpResponse): Promise<Proposal> {
  const undecoded = { body, contentType: headers['content-type'], encoding: null };
  const { text } = decodeDocument({ kind: 'xml', ...undecoded });
  const start = text.trimStart().slice(0, 1);
  if (start === '{' || start === '[') return proposeFromJson(text, headers);
  if (start !== '<') throw unreadable(text);
  try {
    const { items } = await parseXmlFeed(text, url, 'init', new AbortController().signal);
    const dated = items.some(({ published, updated }) => published !== null || updated !== null);
    const notes = dated ? [] : ['no item has a date: records get the time of the fetch'];
    return { source: { type: 'rss' }, notes };
  } catch (error) {
    if (!(error instanceof WrongShape)) throw error;
  }
  const $ = load(decodeDocument({ kind: 'html', ...undecoded }).text);
  const feed = $('link[rel~=alternate][type*="rss"], link[rel~=alternate][type*="atom"]').first().attr('href');
  const proposal = proposeHtml($);
  if (!proposal) throw new WrongShape(`init: the page has no repeated items, expected at least three with links`);
  const notes = feed === undefined ? [] : [`the page has a feed, which is easier to read: ${new URL(feed, url).href}`];
  const { detail } = proposal;
  return {
    source: { type: 'html', ...proposal.source },
    notes: [...notes, ...proposal.notes],
    ...(detail !== undefined && URL.canParse(detail, url) ? { detail: new URL(detail, url).href } : {}),
  };
}

function proposeFromJson(text: string, headers: Readonly<Record<string, string>>): Proposal {
  let page: unknown;
  try {
    page = parseJson(text).value;
  } catch (error) {
    throw new WrongShape(`init: invalid JSON (${messageOf(error)}); for JSON lines, download the file and name it`);
  }
  if (isJsonFeed(page)) return { source: { type: 'rss' }, notes: [] };
  const proposal = proposeJson(page, headers);
  if (!proposal) throw new WrongShape('init: the JSON has no list of objects');
  return { source: { type: 'http_json', ...proposal.source }, notes: proposal.notes };
}

function isJsonFeed(page: unknown): boolean {
  return typeof page === 'object' && page !== null && 'version' in page && /jsonfeed/.test(String(page.version));
}

function unreadable(text: string): WrongShape {
  const start = beginningOf(text);
  return new WrongShape(`init: found content that begins "${start}", expected a feed, JSON or HTML`);
}
