import type { HttpFormat, HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { Trace } from '../compute/trace.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { csvAccept, jsonAccept, ndjsonAccept, xlsxAccept, xmlAccept } from '../http/accept-headers.ts';
import { assertFormat, formatOfHead } from './body-format.ts';

const accepts: Readonly<Record<HttpFormat, string>> = {
  json: jsonAccept,
  ndjson: ndjsonAccept,
  csv: csvAccept,
  xml: xmlAccept,
  xlsx: xlsxAccept,
};

/** What a source is asked for with. */
export function acceptOf({ format }: HttpFormatPlan): string {
  return format === null ? '*/*' : accepts[format];
}

/** Documents of the format that the plan says, or each answer. Their readers are loaded when they are needed. */
export function httpFormat(plan: HttpFormatPlan, trace: Trace): DocumentFormat {
  const opened = new Map<HttpFormat, Promise<DocumentFormat>>();
  return {
    accept: acceptOf(plan),
    async read(response, fetchedAt, options) {
      const { format } = assertFormat(plan.name, formatOfHead(plan, response), response);
      const reader = opened.get(format) ?? openFormat(plan, format, trace);
      opened.set(format, reader);
      return (await reader).read(response, fetchedAt, options);
    },
  };
}

async function openFormat(plan: HttpFormatPlan, format: HttpFormat, trace: Trace): Promise<DocumentFormat> {
  switch (format) {
    case 'json':
      return (await import('../http-json/json-source.ts')).jsonFormat(plan, trace);
    case 'xml':
      return (await import('../xml/xml-format.ts')).xmlFormat(plan, trace);
    case 'xlsx':
      return (await import('../xlsx/xlsx-format.ts')).xlsxFormat(plan, trace);
    case 'ndjson':
    case 'csv':
      return (await import('./rows-format.ts')).rowsFormat(plan, format);
  }
}
