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
  /** The second page was the first again: the paginator does not lead to it. */
  readonly repeats?: boolean;
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
  const { items, repeats } = await sampleOf(context, config, maxPages);
  return { ...(await withReader(context, config, (reader) => verdictOn(reader, items, 'records'))), repeats };
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

/** The first records of a configuration's source, and whether its second page repeats the first. */
export async function sampleOf(context: Context, config: Config, maxPages = Infinity) {
  const [source] = config.sources;
  const items: PageItem[] = [];
  if (!source) return { items, repeats: false };
  const probe = dryRunSource(context, config, source);
  let pages = 0;
  try {
    for await (const page of probe.pages()) {
      if (++pages === 2 && page.counts !== false && items.length > 0 && textOf(page.items) === textOf(items)) {
        return { items, repeats: true };
      }
      for (const item of page.items) items.push(item);
      if (items.length >= sampleSize || pages >= maxPages) break;
    }
    return { items: items.slice(0, sampleSize), repeats: false };
  } finally {
    await probe.close();
  }
}

function textOf(items: readonly PageItem[]): string {
  return JSON.stringify(items.map((item) => ('raw' in item ? item.raw.value : item)));
}
