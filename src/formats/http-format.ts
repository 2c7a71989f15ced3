import type { HttpFormat } from '../domain/plan/source-plan.ts';

/** A format, and whether the fields of its CSV are separated by tabs. */
export interface NamedFormat {
  readonly format: HttpFormat;
  readonly tabs: boolean;
}

const byExtension: Readonly<Record<string, HttpFormat>> = {
  json: 'json',
  geojson: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
  jsonlines: 'ndjson',
  csv: 'csv',
  tsv: 'csv',
  tab: 'csv',
  xml: 'xml',
  rdf: 'xml',
  gml: 'xml',
  kml: 'xml',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
};

/** What the name of a file says of its format; null = nothing. The endings of compressed files are passed over. */
export function formatOfName(name: string): NamedFormat | null {
  const bare = name.replace(/[?#].*$/s, '').replace(/(?:\.(?:gz|gzip|zip))+$/i, '');
  const extension = /\.([a-z]+)$/i.exec(bare)?.[1]?.toLowerCase() ?? '';
  const format = Object.hasOwn(byExtension, extension) ? byExtension[extension] : undefined;
  return format === undefined ? null : { format, tabs: extension === 'tsv' || extension === 'tab' };
}

const types: readonly (readonly [RegExp, HttpFormat])[] = [
  [/^(?:text|application)\/(?:x-)?(?:csv|comma-separated-values|tab-separated-values)$/, 'csv'],
  [/^(?:text|application)\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json-seq|ldjson)$/, 'ndjson'],
  [/^application\/(?:stream\+json|jsonl\+json)$/, 'ndjson'],
  [/^(?:text|application)\/(?:x-)?json$|^[\w.-]+\/[\w.-]+\+json$/, 'json'],
  [/^application\/vnd\.openxmlformats-officedocument\.spreadsheetml\.sheet$/, 'xlsx'],
  [/^application\/vnd\.ms-excel\.sheet\.macroenabled(?:\.12)?$/, 'xlsx'],
  [/^(?:text|application)\/(?:x-)?xml$|^(?!application\/xhtml)[\w.-]+\/[\w.-]+\+xml$/, 'xml'],
];

/** What a Content-Type says of the format of a body; null = nothing, as `text/plain` and `application/octet-stream`. */
export function formatOfType(contentType: string | undefined): NamedFormat | null {
  const [type = ''] = (contentType ?? '').toLowerCase().split(';');
  const bare = type.trim();
  const format = types.find(([pattern]) => pattern.test(bare))?.[1];
  return format === undefined ? null : { format, tabs: bare.includes('tab-separated') };
}
