import { htmlAccept } from '../http/accept-headers.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { HtmlPlan } from '../../domain/plan/source-plan.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { compileFields } from './field.ts';
import { createItemFinder } from './find-items.ts';
import { openPage } from './open-page.ts';
import { readDocument } from './read-document.ts';
import { readPageFields } from './read-fields.ts';

/**
 * Web pages, without the pages of their items. A page on which `items` matches nothing has no records: whether it is the end
 * of the list, a login or a challenge is for `on_response` to say (`body_contains`), and for `allow_empty` and `expect` to
 * notice.
 */
export function htmlFormat(plan: HtmlPlan, trace: Trace = noTrace): DocumentFormat {
  const find = createItemFinder(plan.name, plan.items, !hidesValues(plan));
  const reading = { find, fields: compileFields(plan.fields), trace };
  const pageFields = plan.pageFields ? compileFields(plan.pageFields) : null;
  return {
    accept: htmlAccept,
    read(response, _fetchedAt, options) {
      const { page, warnings } = openPage(plan.name, response, plan.encoding);
      const read = readDocument(reading, page, plan.occurredAt.dateOrder, options);
      return { ...read, ...readPageFields(pageFields, page), html: page.$, warnings: [...warnings, ...read.warnings] };
    },
  };
}
