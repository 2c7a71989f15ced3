import * as z from 'zod';
import { feedKeys } from '../../domain/plan/feed-keys.ts';
import { sourceTypes } from '../../domain/plan/source-plan.ts';
import { commonShape, describedId, describedTime, id } from './common-shape.ts';
import { exportJob } from './export-schema.ts';
import { csvOptions } from './csv-options.ts';
import { forEachProblems, forEachShape } from './for-each-schema.ts';
import { htmlShape } from './html-schemas.ts';
import { checkFormat, checkPageFields, formatShape } from './format-schema.ts';
import { checkRemoteFile, remoteFileShape } from './remote-file-schema.ts';
import { fetchLimits, httpShape } from './http-schemas.ts';
import { incremental } from './incremental-schema.ts';
import { endingPaginator, following } from './paginator-schema.ts';
import { requestProblems } from './problems/request-problems.ts';
import { lastPathsIn, nextPageReads, shapingProblems, type ReadPaths } from './problems/shaping-problems.ts';
import { byteSize } from './units.ts';
import { suggestValue } from '../hints/value-hint.ts';
import { expression, occurredAt } from './value-schemas.ts';

const recordsPath = expression.default('@').describe('Path of the list of records; `@` is the page itself.');
const pages = endingPaginator
  .prefault({ type: 'single_page' })
  .describe('How to get to the next page. A string is short for its type.');

/** Keys of APIs, whatever they answer with. */
const apiShape = {
  ...commonShape,
  ...httpShape,
  ...forEachShape,
  method: z.enum(['GET', 'POST']).default('GET').describe('The HTTP method.'),
  body: z.unknown().optional().describe('Sent with POST: an object as JSON, a text as it is.'),
  paginator: pages,
  following,
  incremental: incremental.optional().describe('Fetches only new records.'),
  export: exportJob
    .optional()
    .describe('Records that the API prepares as a job: it is submitted, waited for, and downloaded.'),
};

const httpJsonSource = z.strictObject({
  type: z.literal('http_json').describe('An API that answers with JSON: `http` with `format: json`.'),
  ...apiShape,
  records: recordsPath,
});

const httpSource = z.strictObject({
  type: z.literal('http').describe('An API or a document: JSON, JSON lines, CSV, XML or an Excel workbook.'),
  ...apiShape,
  ...formatShape,
});

const graphqlSource = z.strictObject({
  type: z.literal('graphql').describe('An API that answers queries of GraphQL, sent with POST as JSON.'),
  ...commonShape,
  ...httpShape,
  ...forEachShape,
  query: z.string().min(1).describe('The query, or its whole document. Values belong into `variables`.'),
  variables: z.record(z.string(), z.unknown()).default({}).describe('Variables of the query.'),
  operation_name: z.string().min(1).optional().describe('Which operation of the document is meant.'),
  records: recordsPath,
  paginator: pages,
  incremental: incremental.optional().describe('Fetches only new records.'),
});

const fileSource = z.strictObject({
  type: z.literal('file').describe('Files of JSON lines, JSON or CSV.'),
  ...commonShape,
  path: z
    .string()
    .min(1)
    .describe('Path or pattern, relative to the configuration, `s3://bucket/key`, or an `https://` URL; `.gz` too.'),
  format: z.enum(['ndjson', 'json', 'csv']).optional().describe('Default: from the file name.'),
  records: recordsPath,
  max_body: byteSize()
    .optional()
    .describe(
      'Maximum size of a file of format `json`, uncompressed. Default: `64MiB`. Of a URL also of CSV and JSON lines, by default `10GiB`.',
    ),
  ...remoteFileShape,
  csv: csvOptions.prefault({}).describe('Format of CSV files.'),
  follow_symlinks: z
    .boolean()
    .default(false)
    .describe("Whether symbolic links may lead out of a pattern's folder. If not, such a link fails the run."),
});

const rssSource = z.strictObject({
  type: z.literal('rss').describe('A feed: RSS, RDF, Atom or JSON Feed.'),
  ...commonShape,
  ...httpShape,
  id: id.optional().describe(`${describedId} Default: the guid, otherwise the link, otherwise a hash of the item.`),
  occurred_at: occurredAt
    .optional()
    .describe(`${describedTime} Without a path: when it was published, otherwise updated, otherwise fetched.`),
});

const htmlSource = z.strictObject({
  type: z.literal('html').describe('Web pages.'),
  ...commonShape,
  ...httpShape,
  ...htmlShape,
  ...forEachShape,
  paginator: pages,
});

const moduleSource = z.strictObject({
  type: z.literal('module').describe('Code of your own.'),
  ...commonShape,
  module: z.string().min(1).describe('Path of the TypeScript or JavaScript file, relative to the configuration.'),
  options: z.record(z.string(), z.unknown()).default({}).describe('Passed to the module unchanged.'),
  ...fetchLimits,
});

export const sourceSchemas = [
  httpJsonSource,
  httpSource,
  graphqlSource,
  rssSource,
  htmlSource,
  fileSource,
  moduleSource,
] as const;

/** One entry of `sources`, defaults already inherited. */
export const source = z
  .discriminatedUnion('type', sourceSchemas, {
    error: (issue) => typeMessage((issue.input as { type?: unknown } | undefined)?.type),
  })
  .check(checkTogether);

/** Types of `auth` whose token or session can be replaced. */
const renewable = ['oauth2_client_credentials', 'oauth2_refresh_token', 'session'] as const;

/** Keys that make sense together only. */
function checkTogether(context: z.core.ParsePayload<z.infer<(typeof sourceSchemas)[number]>>): void {
  const { value } = context;
  if ('url' in value) {
    for (const { path, message, input } of requestProblems(value)) {
      context.issues.push({ code: 'custom', input, path: [...path], message });
    }
  }
  if ('for_each' in value || 'parent' in value || 'revisit' in value) {
    for (const { path, message, input } of forEachProblems(value)) {
      context.issues.push({ code: 'custom', input, path: [...path], message });
    }
  }
  if ('on_response' in value && !renewable.some((type) => type === value.auth?.type)) {
    for (const [index, { action }] of value.on_response.entries()) {
      if (action !== 'reauthenticate') continue;
      const message = `reauthenticate needs auth of type ${renewable.join(', ')}`;
      context.issues.push({ code: 'custom', input: action, path: ['on_response', index, 'action'], message });
    }
  }
  if ('tls' in value && value.tls !== undefined && /^http:/i.test(value.url)) {
    const message = 'found tls, but url is not encrypted; expected a url that begins with https:';
    context.issues.push({ code: 'custom', input: value.tls, path: ['tls'], message });
  }
  if ('on_response' in value && value.type !== 'graphql') {
    for (const [index, { action }] of value.on_response.entries()) {
      if (action !== 'dead_letter') continue;
      const message =
        'found dead_letter, which is for responses of GraphQL with errors, expected retry, fail or ignore';
      context.issues.push({ code: 'custom', input: action, path: ['on_response', index, 'action'], message });
    }
  }
  if (value.type === 'http') checkFormat(context.issues, value);
  if (value.type === 'html') {
    checkPageFields(
      (path, message) => context.issues.push({ code: 'custom', input: value, path: [...path], message }),
      value,
    );
  }
  if (value.type === 'file') checkRemoteFile(context.issues, value);
  if ((value.type === 'http_json' || value.type === 'http') && value.method === 'GET') {
    const message = 'found a body, which a GET does not send; set method: POST';
    const bodies = [
      ...(value.body === undefined ? [] : [['body']]),
      ...(value.following?.body === undefined ? [] : [['following', 'body']]),
    ];
    for (const path of bodies) context.issues.push({ code: 'custom', input: value, path, message });
  }
  if (
    value.type !== 'html' &&
    value.type !== 'rss' &&
    value.type !== 'http' &&
    value.occurred_at.date_order !== undefined
  ) {
    const message = 'found date_order, which is for feeds and web pages, expected a format such as dd/MM/yyyy';
    context.issues.push({ code: 'custom', input: value, path: ['occurred_at', 'date_order'], message });
  }
  if (value.type === 'html' && value.items.json === undefined && Object.keys(value.fields).length === 0) {
    const message = 'missing fields: set at least one, or items.json';
    context.issues.push({ code: 'custom', input: value, path: ['fields'], message });
  }
  for (const { path, message } of shapingProblems(value, readPaths(value))) {
    context.issues.push({ code: 'custom', input: value, path: [...path], message });
  }
}

function readPaths(value: z.infer<(typeof sourceSchemas)[number]>): ReadPaths {
  const { id: ids = feedKeys.id, occurred_at: time } = value;
  return {
    id: typeof ids === 'string' ? [ids] : ids,
    occurredAt: time?.path ?? (value.type === 'rss' ? feedKeys.occurredAt : null),
    positions: [
      ...('incremental' in value && value.incremental
        ? [['incremental.cursor', value.incremental.cursor] as const]
        : []),
      ...('paginator' in value && value.paginator.type === 'keyset' && value.paginator.key !== undefined
        ? [['paginator.key', value.paginator.key] as const]
        : []),
      ...nextPageReads(value),
      ...lastPathsIn({ ...value, name: undefined }),
    ],
  };
}

function typeMessage(found: unknown): string {
  return `found ${JSON.stringify(found) ?? 'no type'}, expected ${suggestValue('type', found, sourceTypes) ?? sourceTypes.join(', ')}`;
}

export type SourceConfig = z.infer<typeof source>;
export type HttpJsonConfig = z.infer<typeof httpJsonSource>;
export type HttpConfig = z.infer<typeof httpSource>;
export type GraphqlConfig = z.infer<typeof graphqlSource>;
export type RssConfig = z.infer<typeof rssSource>;
export type HtmlConfig = z.infer<typeof htmlSource>;
export type FileConfig = z.infer<typeof fileSource>;
export type ModuleConfig = z.infer<typeof moduleSource>;

/** Keys that a source of the type may have; all keys of all types where the type is unknown. */
export function keysOfSource(type: unknown): ReadonlySet<string> {
  const fitting = sourceSchemas.find((schema) => schema.shape.type.value === type) ?? null;
  const known = keysOf.get(fitting);
  if (known) return known;
  const keys = new Set((fitting ? [fitting] : sourceSchemas).flatMap((schema) => Object.keys(schema.shape)));
  keysOf.set(fitting, keys);
  return keys;
}

/** By schema; null = those of all. Every source asks for them. */
const keysOf = new Map<(typeof sourceSchemas)[number] | null, ReadonlySet<string>>();
