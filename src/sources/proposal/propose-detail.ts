import { load } from 'cheerio';
import type { HttpResponse } from '../http/http-client.ts';
import { decodeDocument } from '../text/decode-document.ts';
import { findDate } from './html-dates.ts';
import type { Proposal } from './proposal.ts';

/** Proposes the field of an item's own page that says when it was published; nothing where the page says none. */
export function proposeDetail({ body, headers }: HttpResponse): Proposal {
  const { text } = decodeDocument({ kind: 'html', body, contentType: headers['content-type'], encoding: null });
  const $ = load(text);
  const date = findDate($, $.root());
  return { source: date === null ? {} : { time: date.field }, notes: [] };
}
