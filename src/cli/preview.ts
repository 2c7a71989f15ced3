import { dirname, resolve } from 'node:path';
import { findSource } from '../config/find-source.ts';
import { planOf } from '../config/plan.ts';
import { secretValues, withSecrets } from '../config/secrets.ts';
import { version } from '../config/version.ts';
import { DaySet } from '../domain/day-set.ts';
import { DaybookError, messageOf } from '../domain/errors.ts';
import { createRedactor, type Redact } from '../domain/redact.ts';
import { freshState } from '../domain/state.ts';
import { formatMicros } from '../domain/time.ts';
import { createExtractor, rawText, type Extractor } from '../sources/extraction/extract-record.ts';
import { OpenReaders } from '../sources/files/open-readers.ts';
import { createHttpClient } from '../sources/http/http-client.ts';
import { beginPoll, openPages } from '../sources/open-source.ts';
import type { Page, PageItem } from '../sources/page.ts';
import { CannotStart } from './cannot-start.ts';
import { createContext, loadConfig, type CommonOptions } from './context.ts';
import { formatTable, print, say, shorten } from './output.ts';
import { UsageError } from './usage-error.ts';

export interface PreviewOptions extends CommonOptions {
  readonly limit?: string;
  readonly json?: boolean;
}

/** A record as it would be stored, or why it would not. */
interface PreviewRow {
  readonly verdict: string;
  readonly id: string;
  readonly occurredAt: string;
  /** JSON text of the payload, or of the raw record. */
  readonly text: string;
  readonly message: string;
}

/** `daybook preview`: fetches the beginning of a source and shows what would become of its records. Writes nothing. */
export async function previewCommand(name: string, options: PreviewOptions): Promise<void> {
  const limit = Number(options.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1)
    throw new UsageError(`--limit: found "${options.limit}", expected a number from 1`);
  const context = createContext(options);
  const config = loadConfig(context);
  const source = findSource(config, name);
  const { lookUp, configFile } = context.environment;
  const redact = createRedactor(secretValues(source, lookUp));
  const plan = withSecrets(planOf(config, source), source, lookUp);
  const http = createHttpClient(`daybook/${version}`);
  const readers = new OpenReaders();
  const tools = { http, readers, resolvePath: (path: string) => resolve(dirname(configFile), path) };
  try {
    // Afresh, so that neither a watermark nor an ETag hides anything.
    const state = freshState({ fetchFingerprint: '', shapeFingerprint: '', databaseId: null });
    const poll = { plan, state, run: 'preview' };
    const position = await beginPoll(poll, tools, new Date());
    const alone = { signal: new AbortController().signal, onProgress: () => {} };
    const pages = position ? openPages(poll, position, tools, alone) : emptyPages();
    const rows = await firstRows(pages, createExtractor(plan, new DaySet()), limit);
    if (options.json) for (const row of rows) print(redact(jsonRow(row)));
    else printRows(rows, redact);
  } catch (error) {
    if (error instanceof DaybookError) throw new CannotStart(redact(messageOf(error)));
    throw error;
  } finally {
    await http.close();
    await readers.closeAll();
  }
}

async function firstRows(pages: AsyncIterable<Page>, extract: Extractor, limit: number): Promise<PreviewRow[]> {
  const rows: PreviewRow[] = [];
  for await (const page of pages) {
    if (page.end?.notBefore) say(`the source asks not to be called before ${page.end.notBefore}`);
    for (const item of page.items) {
      rows.push(previewRow(item, page.fetchedAt, extract));
      if (rows.length >= limit) return rows;
    }
  }
  return rows;
}

function previewRow(item: PageItem, fetchedAt: Date, extract: Extractor): PreviewRow {
  const extraction = 'raw' in item ? extract(item.raw, fetchedAt) : { ok: false as const, rejection: item.rejection };
  if (extraction.ok) {
    const { sourceId, occurredAt, payload, repaired } = extraction.record;
    return {
      verdict: repaired ? 'stored, repaired' : 'stored',
      id: sourceId,
      occurredAt: formatMicros(occurredAt),
      text: payload,
      message: '',
    };
  }
  const { reason, message } = extraction.rejection;
  const text = 'raw' in item ? rawText(item.raw) : item.recordText;
  return { verdict: `rejected: ${reason}`, id: '', occurredAt: '', text, message };
}

function printRows(rows: readonly PreviewRow[], redact: Redact): void {
  if (rows.length === 0) return say('the source has no records');
  const cells = rows.map((row) => [
    row.verdict,
    shorten(redact(row.id), 40),
    row.occurredAt,
    shorten(redact(row.message === '' ? row.text : `${row.message}: ${row.text}`), 120),
  ]);
  print(formatTable(['verdict', 'source_id', 'occurred_at', 'payload, or what is wrong'], cells));
  const stored = rows.filter((row) => row.verdict.startsWith('stored')).length;
  say(`${stored} of these ${rows.length} would be stored, ${rows.length - stored} rejected; nothing was written`);
}

function jsonRow({ verdict, id, occurredAt, text, message }: PreviewRow): string {
  const [kind, reason = null] = verdict.split(': ');
  const stored = kind?.startsWith('stored') ?? false;
  const known = stored
    ? { verdict: 'stored', source_id: id, occurred_at: occurredAt, repaired: kind !== 'stored' }
    : { verdict: 'rejected', reason, message };
  return `${JSON.stringify(known).slice(0, -1)},"${stored ? 'payload' : 'record'}":${text}}`;
}

async function* emptyPages(): AsyncGenerator<Page> {}
