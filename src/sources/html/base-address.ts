import type { CheerioAPI } from 'cheerio';

/** Where relative links of a page start: `<base href>`, else the page's own address. Browsers take no data and no scripts. */
export function baseAddress(page: CheerioAPI, url: string): string {
  const href = page('base[href]').first().attr('href');
  const base = href !== undefined && URL.canParse(href, url) ? new URL(href, url) : null;
  return base === null || /^(?:data|javascript):$/.test(base.protocol) ? url : base.href;
}
