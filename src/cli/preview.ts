import { findSource } from '../config/find-source.ts';
import { secretValues } from '../config/secrets.ts';
import { DaySet } from '../domain/day-set.ts';
import { DaybookError, messageOf } from '../domain/errors.ts';
import { createRedactor, type Redact } from '../domain/redact.ts';
import { formatMicros } from '../domain/time.ts';
import { createExtractor, rawText, type Extractor } from '../sources/extraction/extract-record.ts';
import type { Page, PageItem } from '../sources/page.ts';
import { CannotStart } from './cannot-start.ts';
import { createContext, loadConfig, type CommonOptions } from './context.ts';
import { formatTable, print, say, shorten } from './output.ts';
import { probeSource } from './source-probe.ts';
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
  const probe = probeSource(context, config, source);
  const written = createRedactor(secretValues(source, context.environment.lookUp));
  // Access tokens come as pages are asked for.
  const redact: Redact = (text) => probe.tools.http.tokens.redact(written(text));
  try {
    const check = await probe.tools.schemas.of(probe.plan, probe.tools.resolvePath);
    const rows = await firstRows(probe.pages(), createExtractor(probe.plan, new DaySet(), check), limit, redact);
    if (options.json) for (const row of rows) print(redact(jsonRow(row)));
    else printRows(rows, redact);
  } catch (error) {
    if (error instanceof DaybookError) throw new CannotStart(redact(messageOf(error)));
    throw error;
  } finally {
    await probe.close();
  }
}

async function firstRows(
  pages: AsyncIterable<Page>,
  extract: Extractor,
  limit: number,
  redact: Redact,
): Promise<PreviewRow[]> {
  const rows: PreviewRow[] = [];
  for await (const page of pages) {
    if (page.end?.notBefore) say(`the source asks not to be called before ${page.end.notBefore}`);
    if (page.warning !== undefined) say(redact(page.warning));
    for (const listed of page.items) {
      const item = 'complete' in listed && listed.complete ? await listed.complete() : listed;
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
