import { z } from 'zod';
import { canarySource } from '../../domain/names.ts';
import { sourceNamePattern } from '../../domain/plan/source-name.ts';
import { sourceTypes } from '../../domain/plan/source-plan.ts';
import { htmlShape } from './html-schemas.ts';
import { endingPaginator, fetchLimits, httpShape, incremental } from './http-schemas.ts';
import { byteSize, duration } from './units.ts';
import { suggestValue } from '../hints/value-hint.ts';
import { encoding, expression, occurredAt, requiredOccurredAt, retry, schedule } from './value-schemas.ts';

const name = z
  .string()
  .regex(sourceNamePattern, {
    error: (issue) =>
      `found "${String(issue.input)}", expected 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit${nameHint(String(issue.input))}`,
  })
  .refine((text) => text !== canarySource, `found "${canarySource}", which is reserved for the canary`);

function nameHint(text: string): string {
  const fitting = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, '-')
    .replaceAll(/^[-_]+|-+$/g, '')
    .slice(0, 63);
  return sourceNamePattern.test(fitting) ? `, such as ${fitting}` : '';
}

const id = z.union([expression, z.array(expression).min(1)], 'expected a JMESPath expression or a list of them');

const describedId = "The record's id within the source; the values of a list are joined and hashed.";
const describedTime = "The record's time. A text is its path alone.";

/** Keys of every source. */
const commonShape = {
  name: name.describe('Its identity: stands in rows, keys, files and workflow ids. 1 to 63 of `a-z`, `0-9`, `_`, `-`.'),
  id: id.describe(describedId),
  occurred_at: requiredOccurredAt.describe(describedTime),
  encoding: encoding
    .optional()
    .describe('Its charset, such as `windows-1252`. Without it: by byte order mark, bytes, headers, declaration.'),
  retry: retry.prefault({}).describe('How a fetch that fails is tried again.'),
  schedule: schedule.optional().describe('When it runs by itself; without it only by command.'),
  schema: z.string().optional().describe('Path of a JSON Schema; a record that does not match is a dead letter.'),
  on_invalid: z
    .enum(['dead_letter', 'fail'])
    .default('dead_letter')
    .describe('An invalid record becomes a dead letter, or fails the run.'),
  max_reject_ratio: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe('Share of rejects, from 20 records on, beyond which a run fails after it has stored the good ones.'),
  max_record: byteSize().prefault('8MiB').describe('Largest record, as JSON; a larger one is a dead letter.'),
  limits: z
    .strictObject({
      record_cpu: duration(10, 60_000)
        .prefault('5s')
        .describe('Computing for one record, in CPU time; one that takes more is a dead letter.'),
      page_cpu: duration(10, 120_000)
        .prefault('30s')
        .describe('The same for a whole page, and for a module between two awaits; more fails the run.'),
    })
    .prefault({})
    .describe('How much computing its expressions, patterns, schema and code may take.'),
  allow_empty: z.boolean().default(false).describe('Whether a poll without records is well; else it opens an alert.'),
  expect: z
    .strictObject({
      min_records: z
        .int()
        .min(0)
        .optional()
        .describe('A poll with fewer records, those that were rejected left out, opens an alert.'),
      max_staleness: duration(1).optional().describe('Nothing new for longer opens an alert.'),
    })
    .optional()
    .describe('What a healthy source brings.'),
};

/** How a CSV file is written. */
const csvOptions = z.strictObject({
  delimiter: z
    .string()
    .length(1, {
      error: ({ input }) =>
        `expected one character${/tab|\\t/i.test(JSON.stringify(input)) ? ', for a tab: "\\t" in double quotes' : ''}`,
    })
    .default(',')
    .describe('One character between fields.'),
  quote: z.string().length(1, 'expected one character').default('"').describe('One character around fields.'),
  header: z
    .union([z.boolean(), z.array(z.string().min(1)).min(1)], 'expected true, false or a list of names')
    .default(true)
    .describe('Whether the first line names the columns (`false`: they are `1`, `2`, …), or their names.'),
  encoding: encoding.optional().describe('The charset. Without it: `encoding` of the source.'),
  escape: z
    .string()
    .length(1, 'expected one character')
    .optional()
    .describe('One character before a quote within a quoted field, such as `\\`. Without it a quote is doubled.'),
  comment: z.string().min(1).optional().describe('Begins lines that are passed over, such as `#`.'),
  skip_lines: z
    .int()
    .min(0)
    .max(10_000)
    .optional()
    .describe('Lines before the header that are passed over. A line `sep=;` is passed over without it.'),
});

const recordsPath = expression.default('@').describe('Where the list of records is; `@` is the page itself.');
const pages = endingPaginator
  .prefault({ type: 'single_page' })
  .describe('How to come to the next page. A text is its type alone.');

const httpJsonSource = z.strictObject({
  type: z.literal('http_json').describe('An API that answers with JSON.'),
  ...commonShape,
  ...httpShape,
  method: z.enum(['GET', 'POST']).default('GET').describe('How the source is asked.'),
  body: z.unknown().optional().describe('Sent with POST: an object as JSON, a text as it is.'),
  records: recordsPath,
  paginator: pages,
  incremental: incremental.optional().describe('Asks for what is new only.'),
});

const fileSource = z.strictObject({
  type: z.literal('file').describe('Files of JSON lines, JSON or CSV.'),
  ...commonShape,
  path: z.string().min(1).describe('Path or pattern, relative to the configuration; `.gz` too.'),
  format: z.enum(['ndjson', 'json', 'csv']).optional().describe("Without it: by the file's name."),
  records: recordsPath,
  max_body: byteSize().prefault('64MiB').describe('Largest file of format `json`, decoded.'),
  csv: csvOptions.prefault({}).describe('How CSV files are written.'),
  follow_symlinks: z
    .boolean()
    .default(false)
    .describe("Whether symbolic links may lead out of a pattern's folder; without it such a link fails the run."),
});

const rssSource = z.strictObject({
  type: z.literal('rss').describe('A feed: RSS, RDF, Atom or JSON Feed.'),
  ...commonShape,
  ...httpShape,
  id: id.optional().describe(`${describedId} Without it: the guid, else the link, else a hash of the item.`),
  occurred_at: occurredAt
    .optional()
    .describe(`${describedTime} Without a path: when it was published, else updated, else fetched.`),
});

const htmlSource = z.strictObject({
  type: z.literal('html').describe('Web pages.'),
  ...commonShape,
  ...httpShape,
  ...htmlShape,
  paginator: pages,
});

const moduleSource = z.strictObject({
  type: z.literal('module').describe('Code of your own.'),
  ...commonShape,
  module: z.string().min(1).describe('Path of the TypeScript or JavaScript file, relative to the configuration.'),
  options: z.record(z.string(), z.unknown()).default({}).describe('Handed to the module as they are.'),
  ...fetchLimits,
});

export const sourceSchemas = [httpJsonSource, rssSource, htmlSource, fileSource, moduleSource] as const;

/** One entry of `sources`, defaults already inherited. */
export const source = z
  .discriminatedUnion('type', sourceSchemas, {
    error: (issue) => typeMessage((issue.input as { type?: unknown } | undefined)?.type),
  })
  .check(checkTogether);

/** Keys that make sense together only. */
function checkTogether(context: z.core.ParsePayload<z.infer<(typeof sourceSchemas)[number]>>): void {
  const { value } = context;
  if ('on_response' in value && value.auth?.type !== 'oauth2_client_credentials') {
    for (const [index, { action }] of value.on_response.entries()) {
      if (action !== 'reauthenticate') continue;
      const message = 'found reauthenticate, expected auth of type oauth2_client_credentials with it';
      context.issues.push({ code: 'custom', input: action, path: ['on_response', index, 'action'], message });
    }
  }
  if (value.type === 'http_json' && value.method === 'GET' && value.body !== undefined) {
    const message = 'found a body, which a GET does not send, expected method: POST';
    context.issues.push({ code: 'custom', input: value, path: ['body'], message });
  }
  if (value.type !== 'html' && value.type !== 'rss' && value.occurred_at.date_order !== undefined) {
    const message = 'found date_order, which is for feeds and web pages, expected a format such as dd/MM/yyyy';
    context.issues.push({ code: 'custom', input: value, path: ['occurred_at', 'date_order'], message });
  }
  if (value.type === 'html' && value.items.json === undefined && Object.keys(value.fields).length === 0) {
    const message = 'found no fields, expected at least one, or items.json';
    context.issues.push({ code: 'custom', input: value, path: ['fields'], message });
  }
}

function typeMessage(found: unknown): string {
  return `found ${JSON.stringify(found) ?? 'no type'}, expected ${suggestValue('type', found, sourceTypes) ?? sourceTypes.join(', ')}`;
}

export type SourceConfig = z.infer<typeof source>;
export type HttpJsonConfig = z.infer<typeof httpJsonSource>;
export type RssConfig = z.infer<typeof rssSource>;
export type HtmlConfig = z.infer<typeof htmlSource>;
export type FileConfig = z.infer<typeof fileSource>;
export type ModuleConfig = z.infer<typeof moduleSource>;

/** Keys that a source of the type may bear; all keys of all types where the type is unknown. */
export function keysOfSource(type: unknown): ReadonlySet<string> {
  const fitting = sourceSchemas.filter((schema) => schema.shape.type.value === type);
  return new Set((fitting.length > 0 ? fitting : sourceSchemas).flatMap((schema) => Object.keys(schema.shape)));
}
