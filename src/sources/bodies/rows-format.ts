import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { assertRecordCount } from '../extraction/json-limits.ts';
import type { PageItem } from '../extraction/page.ts';
import { csvAccept, ndjsonAccept } from '../http/accept-headers.ts';
import { assertNoSentence, assertRows } from './assert-rows.ts';
import { formatOfHead } from './body-format.ts';
import { charsetOfRows, openRows, positionOf } from './open-rows.ts';

/** A body of CSV or JSON lines that is small: it is read as a whole, as a page of JSON is. */
export function rowsFormat(plan: HttpFormatPlan, format: 'csv' | 'ndjson'): DocumentFormat {
  return {
    accept: format === 'csv' ? csvAccept : ndjsonAccept,
    async read(response) {
      const { body, headers, url } = response;
      const contentType = headers['content-type'];
      assertRows(plan, format, body, contentType);
      const name = bodyName(url);
      const at = {
        format,
        charset: charsetOfRows(plan, body, contentType),
        ...(formatOfHead(plan, response)?.tabs === true ? { tabs: true as const } : {}),
        bytes: body.length,
        offset: 0,
        lines: 0,
      };
      const reader = await openRows(plan, { name, opensAnywhere: false, open: () => once(body) }, at);
      const items: PageItem[] = [];
      const warnings: Warning[] = [];
      try {
        for (let place = positionOf(name, at), ended = false; !ended;) {
          const stretch = await reader.read(place);
          for (const item of stretch.items) items.push(item);
          for (const warning of stretch.warnings ?? []) warnings.push(warning);
          assertRecordCount(`fetch: ${plan.name}`, items);
          ({ ended } = stretch);
          place = stretch.readTo;
        }
      } finally {
        await reader.close();
      }
      if (format === 'csv' && items.length === 0) assertNoSentence(plan, body);
      return { items, warnings };
    },
  };
}

/** The name of a body in messages: its address without parameters. */
export function bodyName(url: string): string {
  if (!URL.canParse(url)) return url;
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

async function* once(body: Buffer): AsyncGenerator<Buffer> {
  yield body;
}
