import * as z from 'zod';
import { isObject } from '../../domain/is-object.ts';
import { httpFormats, type HttpFormat } from '../../domain/plan/source-plan.ts';
import { formatOfName } from '../../formats/http-format.ts';
import { csvOptions } from './csv-options.ts';
import { htmlShape } from './html-schemas.ts';
import { byteSize } from './units.ts';
import { expression } from './value-schemas.ts';

/** Keys about what a source of type `http` answers with. */
export const formatShape = {
  format: z
    .enum(httpFormats)
    .optional()
    .describe('Format of the answers. Default: by their `Content-Type`, otherwise by the name in the URL.'),
  records: expression
    .optional()
    .describe('Path of the list of records in JSON. Default: `@`, the page itself. Not for other formats.'),
  csv: csvOptions.optional().describe('Format of CSV.'),
  items: htmlShape.items.optional().describe('Which elements of XML are the records. Required for `xml`.'),
  fields: htmlShape.fields.describe('The record of XML, field by field. Required for `xml`.'),
  page_fields: htmlShape.page_fields.describe(
    'Fields of a document of XML itself, such as a token or a total: what the paths of the paginator read, as `cursor_path: token`. Each needs a `selector`.',
  ),
  sheet: z
    .string()
    .min(1)
    .optional()
    .describe('Name of the sheet of a workbook (`xlsx`). Default: the first that is shown.'),
  entry: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Which file of a ZIP archive is read: its name, or a pattern such as `*.csv`. Default: the only one, or the only one of the format.',
    ),
  max_body: byteSize()
    .optional()
    .describe(
      'Maximum body size after decoding and unpacking. Default: `64MiB`; for CSV and JSON lines, which are read piece by piece, `10GiB`.',
    ),
};

/** Formats that keys are for. */
const keysOfFormats: Readonly<Record<string, readonly HttpFormat[]>> = {
  records: ['json'],
  csv: ['csv'],
  items: ['xml'],
  fields: ['xml'],
  page_fields: ['xml'],
  sheet: ['xlsx'],
};

/** Paginators that read JSON, if nothing else is said. */
const jsonPaging = ['cursor', 'json_link'];

/** A source whose answers are read by their format, as far as its keys say. */
interface FormatKeys {
  readonly url: string;
  readonly format?: HttpFormat | undefined;
  readonly items?: { readonly json?: string | undefined } | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly page_fields: Readonly<Record<string, unknown>>;
  readonly paginator: Readonly<Record<string, unknown>> & { readonly type: string };
  readonly occurred_at: { readonly date_order?: string | undefined };
  readonly [key: string]: unknown;
}

/** Reports keys that do not fit the format, or each other. */
export function checkFormat(issues: z.core.$ZodRawIssue[], source: FormatKeys): void {
  const report = (path: readonly string[], message: string) =>
    issues.push({ code: 'custom', input: source, path: [...path], message });
  const { format: written, url, items, fields, paginator } = source;
  const named = written === undefined ? (formatOfName(url)?.format ?? null) : null;
  const format = written ?? named;
  const given = Object.keys(keysOfFormats).filter((key) => isGiven(source[key]));
  const by = written === undefined ? `the name in url says ${named}` : `format is ${written}`;
  for (const key of given) {
    const formats = keysOfFormats[key] ?? [];
    if (format !== null && !formats.includes(format)) {
      report(
        [key],
        `found ${key}, which is for format ${formats.join(', ')}, but ${by}; remove it (${key}: null removes that of defaults), or set format: ${formats[0]}`,
      );
    }
  }
  const meant = [...new Set(given.flatMap((key) => keysOfFormats[key] ?? []))];
  if (format === null && meant.length > 1) {
    report(
      ['format'],
      `found ${given.join(', ')}, which are for formats ${meant.join(', ')}; set format to one of them`,
    );
  }
  const isXml = format === 'xml' || (format === null && meant[0] === 'xml');
  if (isXml && !isGiven(items))
    report(['items'], 'is required for XML: items: { selector: … } says which elements are records');
  if (isXml && items?.json === undefined && Object.keys(fields).length === 0) {
    report(['fields'], 'missing fields: set at least one, or items.json');
  }
  if (source.occurred_at.date_order !== undefined && !isXml) {
    report(
      ['occurred_at', 'date_order'],
      'found date_order, which is for feeds, web pages and XML, expected a format such as dd/MM/yyyy',
    );
  }
  checkPageFields(report, source);
  if (!isXml || !isGiven(source.page_fields)) checkPaging(report, format, paginator);
}

type Report = (path: readonly string[], message: string) => void;

/** A field of a document has no element that it could be read from, if it names none. */
export function checkPageFields(report: Report, { page_fields: fields }: Pick<FormatKeys, 'page_fields'>): void {
  for (const [name, field] of Object.entries(fields)) {
    if (isObject(field) && field['selector'] !== undefined) continue;
    report(
      ['page_fields', name, 'selector'],
      'is required: expected the element that has the value, such as resumptionToken',
    );
  }
}

/** What leads to the next page has to be in the answer. */
function checkPaging(report: Report, format: HttpFormat | null, paginator: FormatKeys['paginator']): void {
  if (format === null || format === 'json') return;
  const { type } = paginator;
  if (jsonPaging.includes(type) && paginator['cursor_header'] === undefined) {
    const other =
      format === 'xml'
        ? 'page_fields that find what its path reads, or html_link (its selector finds the element)'
        : 'header_link, page_number or offset';
    report(['paginator', 'type'], `found ${type}, which reads JSON, but format is ${format}; expected ${other}`);
  }
  if (type === 'keyset' && (format === 'csv' || format === 'ndjson')) {
    report(
      ['paginator', 'type'],
      `found keyset, which reads the last record of a page, but format is ${format}; expected header_link, page_number, offset or cursor with cursor_header`,
    );
  }
  if (type === 'html_link' && format !== 'xml') {
    report(
      ['paginator', 'type'],
      `found html_link, which reads elements, but format is ${format}; expected header_link, page_number or offset`,
    );
  }
  for (const key of ['has_more_path', 'total_path']) {
    if (paginator[key] !== undefined) {
      report(
        ['paginator', key],
        `found ${key}, which is a path into JSON, but format is ${format}; ${format === 'xml' ? 'set page_fields that find what it reads' : 'remove it'}`,
      );
    }
  }
}

function isGiven(value: unknown): boolean {
  const isEmpty =
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0;
  return value !== undefined && !isEmpty;
}
