import { randomUUID } from 'node:crypto';
import type { HtmlPlan } from '../domain/source.ts';
import { DetailPages } from './html/detail-pages.ts';
import { compileFields } from './html/field.ts';
import { createItemFinder } from './html/find-items.ts';
import { htmlToolsOf } from './html/html-tools.ts';
import { htmlAccept, withPage } from './html/open-page.ts';
import { readItems, SlowItems } from './html/read-items.ts';
import type { DocumentFormat } from './http-pages.ts';
import type { HttpTools } from './http/fetch-document.ts';
import type { FetchContext } from './page.ts';

/**
 * Web pages. A page on which `items` matches nothing has no records: whether it is the end of the list, a login or a
 * challenge is for `on_response` to say (`body_contains`), and for `allow_empty` and `expect` to notice.
 * @param run whose detail pages are counted; undefined = those of this fetch
 */
export function htmlFormat(plan: HtmlPlan, http: HttpTools, context: FetchContext, run?: string): DocumentFormat {
  const { name, detail } = plan;
  const tools = htmlToolsOf(http);
  const slow = new SlowItems();
  const reading = {
    ...{ subject: name, find: createItemFinder(name, plan.items), fields: compileFields(plan.fields) },
    ...{ within: tools.within, slow, signal: context.signal },
  };
  const details = detail && new DetailPages({ plan, detail, http, context, slow, run: run ?? randomUUID() });
  return {
    accept: htmlAccept,
    read: (response) =>
      withPage(name, response, tools, context.signal, async (page) => {
        const items = await readItems(reading, page);
        const { base } = page;
        return { items: details ? items.map((item) => details.completable(item, base)) : items, html: page.$ };
      }),
  };
}
