import { findSource } from '../../../config/file/find-source.ts';
import { secretValues } from '../../../config/secrets/secrets.ts';
import type { DayRanges } from '../../../domain/time/day-set.ts';
import type { NewDeadLetter } from '../../../domain/dead-letters/dead-letter.ts';
import { DaybookError, messageOf, CannotStart, UsageError } from '../../../domain/errors.ts';
import { hidesValues } from '../../../domain/plan/shaping-plan.ts';
import type { AcceptedRecord } from '../../../domain/run/record.ts';
import { createRedactor, type Redact } from '../../../domain/secrets/redact.ts';
import { formatMicros } from '../../../domain/time/timestamp.ts';
import { withoutUrlSecrets } from '../../../domain/secrets/url-secrets.ts';
import { addWarnings, warningLine, type Warning } from '../../../domain/run/warning.ts';
import type { HttpRequest, HttpResponse } from '../../../sources/http/http-client.ts';
import { rawText } from '../../../sources/extraction/extract-record.ts';
import type { KnownItem, PageItem } from '../../../sources/extraction/page.ts';
import { itemReader } from '../../../sources/extraction/read-records.ts';
import { completeItems } from '../../../sources/collect/complete-items.ts';
import { DuplicateIds } from '../../../sources/collect/duplicate-ids.ts';
import { EmptyFields } from '../../../sources/collect/empty-fields.ts';
import type { CheckedPage } from '../../../sources/extraction/checked-page.ts';
import { createStartCheck } from '../../../sources/collect/start-param.ts';
import { createContext, type CommonOptions } from '../../options/context.ts';
import { loadConfig } from '../../options/load-config.ts';
import { formatTable, printJsonText, printLines, printInfo, shorten } from '../../output/output.ts';
import { dryRunSource, type OnAnswer, type SourceDryRun } from '../../options/dry-run-source.ts';

export interface PreviewOptions extends CommonOptions {
  readonly limit?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** A record as it would be stored, or why it would not. */
interface PreviewRow {
  readonly verdict: string;
  readonly id: string;
  readonly occurredAt: string;
  /** JSON text of the payload, or of the raw record. */
  readonly text: string;
  readonly message: string;
  /** JSON text of the record as the source sent it, where the source shapes its records and has no mask. */
  readonly before: string | null;
}

/** `daybook preview`: fetches the beginning of a source and shows what would be stored. Writes nothing. */
export async function previewCommand(name: string, options: PreviewOptions): Promise<void> {
  const limit = Number(options.limit ?? 20);
  if (!Number.isInteger(limit) || limit < 1)
    throw new UsageError(`--limit: found "${options.limit}", expected a number from 1`);
  const context = createContext(options);
  const config = loadConfig(context);
  const source = findSource(config, name);
  const written = createRedactor(secretValues(source, context.environment.lookUp));
  const onAnswer: OnAnswer = (request, answer, ms) => {
    const line = answerLine(request, answer, ms);
    printInfo(redact(withoutUrlSecrets(hidesValues(probe.plan) ? withoutPaths(line) : line)));
  };
  const say = (line: string) => printInfo(redact(line));
  const probe = dryRunSource(context, config, source, options.verbose ? onAnswer : undefined, say);
  // Access tokens are fetched together with the pages.
  const redact: Redact = (text) => probe.tools.http.tokens.redact(written(text));
  try {
    const rows = await firstRows(probe, limit, redact, options.verbose === true);
    if (options.json) for (const row of rows) printJsonText(redact(jsonRow(row)));
    else printRows(rows, redact, probe.plan.shaping !== undefined);
    if (hidesValues(probe.plan)) printInfo('records are not shown as they were before shaping: the source has a mask');
  } catch (error) {
    if (error instanceof DaybookError) throw new CannotStart(redact(messageOf(error)));
    throw error;
  } finally {
    await probe.close();
  }
}

/** A request and its answer on one line. */
export function answerLine(
  { method, url }: Pick<HttpRequest, 'method' | 'url'>,
  answer: Pick<HttpResponse, 'status' | 'body' | 'url'> | null,
  ms: number,
): string {
  if (answer === null) return `${method} ${url} no answer, after ${ms} ms`;
  const redirected = answer.url === new URL(url).href ? '' : `, at ${answer.url}`;
  return `${method} ${url} ${answer.status}, ${answer.body.length} bytes in ${ms} ms${redirected}`;
}

/** The address of an item's own page is a value of the source. */
function withoutPaths(line: string): string {
  return line.replaceAll(/(https?:\/\/[^\s/?#]+)[^\s,]*/g, '$1/…');
}

async function firstRows(probe: SourceDryRun, limit: number, redact: Redact, verbose: boolean): Promise<PreviewRow[]> {
  const start = await probe.begin();
  if (!start) return [];
  const reader = await probe.reader();
  const olderThanAsked = createStartCheck(probe.plan, start);
  const rows: PreviewRow[] = [];
  let days: DayRanges = [];
  let warnings: readonly Warning[] = [];
  const ids = new DuplicateIds(probe.plan);
  const fields = new EmptyFields(probe.plan);
  let number = 0;
  for await (const page of probe.pages(start)) {
    number++;
    if (verbose) printInfo(`page ${number}: ${page.items.length} records${page.end ? ', the last one' : ''}`);
    if (page.end?.notBefore) printInfo(`the source asks for no requests before ${page.end.notBefore}`);
    if (page.warning !== undefined) printInfo(redact(page.warning));
    const wanted = limit - rows.length;
    const isShort = probe.plan.type === 'file' || page.items.some((item) => 'complete' in item && item.complete);
    // Ids are compared over the whole page, unless each item is a request.
    const items = await completeItems(isShort ? page.items.slice(0, wanted) : page.items, null);
    fields.takeItems(items);
    const parent = page.parent === undefined ? {} : { parent: page.parent };
    const options = { number: 1, days, makesDigests: false, hashPages: false, since: null, ...parent };
    const checked = await reader.check({ items, fetchedAt: page.fetchedAt }, options);
    ({ days } = checked);
    fields.take(page, checked, number);
    const part = { number: 1, fetchedAt: page.fetchedAt, isPart: page.counts === false };
    const shared = ids.take(checked, () => true, part);
    const ofRecords = [...checked.warnings, ...shared.warnings, ...olderThanAsked(checked)];
    warnings = addWarnings(warnings, [...(page.warnings ?? []), ...ofRecords]);
    const before = probe.plan.shaping && !hidesValues(probe.plan) ? textsOf(items) : new Map<number, string>();
    for (const row of rowsOf(checked, before).slice(0, wanted)) rows.push(row);
    if (rows.length >= limit) break;
  }
  for (const warning of addWarnings(warnings, fields.warnings(true))) printInfo(redact(warningLine(warning)));
  return rows;
}

/** The records of a page as JSON text, by position. */
function textsOf(items: readonly (PageItem | KnownItem)[]): Map<number, string> {
  const read = itemReader(items);
  return new Map(
    items.flatMap((_, position): [number, string][] => {
      const item = read(position);
      return item && 'raw' in item ? [[item.index, rawText(item.raw)]] : [];
    }),
  );
}

/** In the order of the page. */
function rowsOf({ valid, deadLetters, shaped }: CheckedPage, before: ReadonlyMap<number, string>): PreviewRow[] {
  const stored = valid.map(({ index, record }) => ({ index, row: storedRow(record) }));
  const refused = deadLetters.map((letter) => ({ index: letter.index, row: refusedRow(letter) }));
  const filtered = (shaped?.filtered ?? []).map(({ index }) => ({ index, row: filteredRow }));
  return [...stored, ...refused, ...filtered]
    .sort((a, b) => a.index - b.index)
    .map(({ index, row }) => ({ ...row, before: before.get(index) ?? null }));
}

const filteredRow = { verdict: 'filtered', id: '', occurredAt: '', text: '', message: '' };

function storedRow({ sourceId, occurredAt, payload, repaired }: AcceptedRecord): Omit<PreviewRow, 'before'> {
  return {
    verdict: repaired ? 'stored, repaired' : 'stored',
    id: sourceId,
    occurredAt: formatMicros(occurredAt),
    text: payload,
    message: '',
  };
}

function refusedRow({ reason, message, recordText }: NewDeadLetter): Omit<PreviewRow, 'before'> {
  return { verdict: `rejected: ${reason}`, id: '', occurredAt: '', text: recordText, message };
}

function printRows(rows: readonly PreviewRow[], redact: Redact, isShaped: boolean): void {
  if (rows.length === 0) return printInfo('the source has no records');
  const hasBefore = isShaped && rows.some(({ before }) => before !== null);
  const cells = rows.map((row) => [
    row.verdict,
    shorten(redact(row.id), 40),
    row.occurredAt,
    ...(hasBefore ? [shorten(redact(row.before ?? ''), 100)] : []),
    shorten(redact(row.message === '' ? row.text : `${row.message}: ${row.text}`), 120),
  ]);
  const names = ['verdict', 'source_id', 'occurred_at', ...(hasBefore ? ['before shaping'] : []), 'payload or problem'];
  printLines(formatTable(names, cells));
  const stored = rows.filter((row) => row.verdict.startsWith('stored')).length;
  const filtered = rows.filter((row) => row.verdict === 'filtered').length;
  const others = `${filtered > 0 ? `${filtered} filtered, ` : ''}${rows.length - stored - filtered} rejected`;
  printInfo(`${stored} of these ${rows.length} would be stored, ${others}; nothing was written`);
}

function jsonRow({ verdict, id, occurredAt, text, message, before }: PreviewRow): string {
  const sent = before === null ? '' : `,"before":${before}`;
  if (verdict === 'filtered') return `{"verdict":"filtered"${sent}}`;
  const [kind, reason = null] = verdict.split(': ');
  const stored = kind?.startsWith('stored') ?? false;
  const known = stored
    ? { verdict: 'stored', source_id: id, occurred_at: occurredAt, repaired: kind !== 'stored' }
    : { verdict: 'rejected', reason, message };
  return `${JSON.stringify(known).slice(0, -1)},"${stored ? 'payload' : 'record'}":${text}${sent}}`;
}
