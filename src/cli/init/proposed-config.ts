import { Document, isMap, isSeq, Scalar, visit } from 'yaml';
import { parseConfig, type Config } from '../../config/file/parse-config.ts';
import { CannotStart } from '../../domain/errors.ts';
import { visibleJson, visibleLines, visibleText } from '../../domain/text/visible-text.ts';
import type { SourceReader } from '../../sources/compute/source-reader.ts';
import type { PageItem } from '../../sources/extraction/page.ts';
import { jsonAccept } from '../../sources/http/accept-headers.ts';
import type { HttpResponse } from '../../sources/http/http-client.ts';
import type { Keys } from '../../sources/importers/requests/request-keys.ts';
import type { Context } from '../options/context.ts';
import { dryRunSource } from '../options/dry-run-source.ts';

/** A source of a proposed configuration. */
export interface Entry {
  readonly source: Keys;
  /** Written above it, one line. */
  readonly comment?: string;
}

/** What came of reading records with a proposal. */
export interface Proof {
  readonly line: string;
  readonly stored: number;
}

/** Records that are inspected. */
const sampleSize = 500;
const comment = `# Source proposed by daybook init. Preview its records:
#   ./daybook preview NAME --config FILE
`;

/** The text of a configuration with these sources. */
export function configuration(entries: readonly Entry[], notes: readonly string[]): string {
  const remarks = notes.map((note) => `# ${visibleText(note)}\n`).join('');
  const document = new Document({ version: 1, sources: entries.map(({ source }) => source) });
  visit(document, {
    Scalar(_key, node) {
      const { value } = node;
      // In quotes, invisible characters may be escaped as in JSON.
      if (typeof value === 'string' && visibleLines(value) !== value) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  const sources = document.get('sources');
  for (const [index, { comment: above }] of entries.entries()) {
    const node = isSeq(sources) ? sources.items[index] : null;
    if (above !== undefined && isMap(node)) node.commentBefore = ` ${visibleText(above)}`;
  }
  const opening = entries.length === 1 ? comment : comment.replace('Source', 'Sources').replace('its', 'their');
  return opening + remarks + visibleJson(document.toString({ lineWidth: 120, flowCollectionPadding: true }));
}

export function parse({ environment }: Context, text: string): Config {
  return parseConfig(text, environment.configFile, environment.lookUp);
}

/** Reads the first records with the proposed configuration: it has to work, not just look right. */
export async function prove(context: Context, text: string, maxPages = Infinity): Promise<Proof> {
  const config = parse(context, text);
  const items = await sampleOf(context, config, maxPages);
  return withReader(context, config, (reader) => verdictOn(reader, items, 'records'));
}

/** The same with an answer that was recorded. */
export async function proveRecorded(context: Context, text: string, response: HttpResponse): Promise<Proof> {
  return withReader(context, parse(context, text), async (reader) => {
    const place = { page: 0, cursor: null };
    const { items } = await reader.format(jsonAccept).read(response, new Date(), { place });
    return verdictOn(reader, items.slice(0, sampleSize), 'recorded records');
  });
}

async function withReader<T>(context: Context, config: Config, use: (reader: SourceReader) => Promise<T>): Promise<T> {
  const [source] = config.sources;
  if (!source) throw new CannotStart('init: found no source in the proposal');
  const probe = dryRunSource(context, config, source);
  try {
    return await use(await probe.reader());
  } finally {
    await probe.close();
  }
}

async function verdictOn(reader: SourceReader, items: readonly PageItem[], what: string): Promise<Proof> {
  const options = { number: 1, days: [], makesDigests: false, hashPages: false, since: null };
  const { valid, deadLetters } = await reader.check({ items, fetchedAt: new Date() }, options);
  const [bad] = deadLetters;
  const why = bad === undefined ? '' : `; the first that would be rejected: ${bad.message}`;
  return { line: `${valid.length} of ${items.length} ${what} would be stored${why}`, stored: valid.length };
}

/** The first records of a configuration's source. */
export async function sampleOf(context: Context, config: Config, maxPages = Infinity): Promise<PageItem[]> {
  const [source] = config.sources;
  if (!source) return [];
  const probe = dryRunSource(context, config, source);
  const items: PageItem[] = [];
  let pages = 0;
  try {
    for await (const page of probe.pages()) {
      for (const item of page.items) items.push(item);
      if (items.length >= sampleSize || ++pages >= maxPages) break;
    }
    return items.slice(0, sampleSize);
  } finally {
    await probe.close();
  }
}
