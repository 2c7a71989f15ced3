import { decodeHtml } from '../http/charset.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { HtmlPage } from './html-page.ts';
import type { HtmlTools } from './html-tools.ts';
import { loadPage } from './load-page.ts';

/** As browsers ask. */
export const htmlAccept = 'text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8';

/** Characters from which on a page is large: it may become some 200 times that in memory. */
const largeFrom = 1_000_000;

/**
 * Parses a page and reads it; `read` must keep nothing of it.
 * @throws WrongShape for a page that no browser would show, and what `read` throws
 */
export async function withPage<T>(
  subject: string,
  { body, headers, url }: HttpResponse,
  { largePages }: HtmlTools,
  signal: AbortSignal,
  read: (page: HtmlPage) => Promise<T> | T,
): Promise<T> {
  // Whatever its content type says: many sites are wrong about it.
  const text = decodeHtml(body, headers['content-type']);
  const work = async () => {
    signal.throwIfAborted();
    return read(new HtmlPage(await loadPage(subject, text, signal), url));
  };
  return text.length < largeFrom ? work() : largePages.take(work);
}
