import type { Warning } from '../../domain/run/warning.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { decodeDocument } from '../text/decode-document.ts';
import { HtmlPage } from './html-page.ts';
import { loadPage } from './load-page.ts';

export interface OpenedPage {
  readonly page: HtmlPage;
  /** Of its charset. */
  readonly warnings: readonly Warning[];
}

/**
 * Parses a page.
 * @param encoding what the configuration says of its charset
 * @throws WrongShape for a page that is too large
 */
export function openPage(subject: string, response: HttpResponse, encoding: string | undefined): OpenedPage {
  const { body, headers, url } = response;
  // Whatever its content type says: many sites are wrong about it.
  const contentType = headers['content-type'];
  const { text, warnings } = decodeDocument({ kind: 'html', body, contentType, encoding: encoding ?? null });
  return { page: new HtmlPage(loadPage(subject, text), url), warnings };
}
