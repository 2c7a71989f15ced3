import { WrongShape } from '../../domain/errors.ts';
import { hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { compileFields } from '../html/field.ts';
import { createItemFinder } from '../html/find-items.ts';
import { HtmlPage } from '../html/html-page.ts';
import { readDocument } from '../html/read-document.ts';
import { readPageFields } from '../html/read-fields.ts';
import { xmlAccept } from '../http/accept-headers.ts';
import { decodeDocument } from '../text/decode-document.ts';
import { assertNoError } from './error-document.ts';
import { loadXml } from './load-xml.ts';
import { xmlText } from './xml-text.ts';

/** Documents of XML: items and fields are found by selectors, as in web pages. */
export function xmlFormat(plan: HttpFormatPlan, trace: Trace = noTrace): DocumentFormat {
  const { name, items: where } = plan;
  if (where === null) {
    throw new WrongShape(
      `fetch: ${name} answered with XML, expected items and fields that say what its records are; set them, with format: xml`,
    );
  }
  const reading = {
    find: createItemFinder(name, where, !hidesValues(plan)),
    fields: compileFields(plan.fields),
    trace,
  };
  const pageFields = plan.pageFields ? compileFields(plan.pageFields) : null;
  return {
    accept: xmlAccept,
    read({ body, headers, url }, _fetchedAt, options) {
      const contentType = headers['content-type'];
      const decoded = decodeDocument({ kind: 'xml', body, contentType, encoding: plan.encoding ?? null });
      const { $, complete } = loadXml(plan, decoded.text, contentType);
      const page = new HtmlPage($, url, { base: url, textOf: xmlText });
      const read = readDocument(reading, page, plan.occurredAt.dateOrder, options);
      if (read.items.length === 0) assertNoError(plan, $);
      const broken = complete
        ? {}
        : { broken: 'the XML document broke off before its end; what could be read is used' };
      const warnings = [...decoded.warnings, ...read.warnings];
      return { ...read, ...readPageFields(pageFields, page), html: $, xml: true, warnings, ...broken };
    },
  };
}
