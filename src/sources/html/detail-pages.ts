import { hash } from 'node:crypto';
import {
  HostBusy,
  OverLimit,
  PrivateAddress,
  SourceRefused,
  SourceUnavailable,
  WrongShape,
  messageOf,
} from '../../domain/errors.ts';
import { compileFinder, type Expression } from '../../domain/expression.ts';
import type { DetailPlan } from '../../domain/html-plan.ts';
import type { Rejection } from '../../domain/rejection.ts';
import type { HtmlPlan } from '../../domain/source.ts';
import { rawText, type RawRecord } from '../extraction/extract-record.ts';
import { fetchDocument, type Answer, type HttpTools } from '../http/fetch-document.ts';
import { inTurn } from '../in-turn.ts';
import type { FetchContext, PageItem } from '../page.ts';
import { compileFields, type Field } from './field.ts';
import { htmlToolsOf, type HtmlTools } from './html-tools.ts';
import { htmlAccept, withPage } from './open-page.ts';
import { readFields } from './read-fields.ts';
import { itemOf, patiently, tooSlow, type SlowItems } from './read-items.ts';
import { watchStatus } from './watch-status.ts';

/** A fetch that has asked for detail pages this long ends, and the next one goes on: it has five minutes in all. */
const longestMs = 120_000;

export interface DetailSetting {
  readonly plan: HtmlPlan;
  readonly detail: DetailPlan;
  readonly http: HttpTools;
  readonly context: FetchContext;
  readonly slow: SlowItems;
  /** Whose pages are counted. */
  readonly run: string;
}

/** An item that could be read. */
interface ReadItem {
  readonly index: number;
  readonly raw: RawRecord;
}

/** The pages of their own that items have. */
export class DetailPages {
  readonly #setting: DetailSetting;
  readonly #tools: HtmlTools;
  readonly #find: Expression;
  readonly #fields: readonly Field[];
  readonly #endsAtMs = performance.now() + longestMs;
  #asked = 0;

  constructor(setting: DetailSetting) {
    this.#setting = setting;
    this.#tools = htmlToolsOf(setting.http);
    this.#find = compileFinder(setting.detail.url);
    this.#fields = compileFields(setting.detail.fields);
  }

  /**
   * The item with the means to complete it; as it is where it names no page.
   * @param base where relative links start
   */
  completable(item: PageItem, base: string): PageItem {
    if (!('raw' in item)) return item;
    const link = this.#find(item.raw.value);
    const url = typeof link === 'string' && URL.canParse(link, base) ? new URL(link, base) : null;
    if (!url || !/^https?:$/.test(url.protocol)) return item;
    url.hash = '';
    return { ...item, complete: () => this.#complete(item, url) };
  }

  async #complete(item: ReadItem, url: URL): Promise<PageItem> {
    const { plan, detail, run } = this.#setting;
    const text = rawText(item.raw);
    const key = hash('sha256', [plan.name, plan.shapeFingerprint, url.href, text].join('\n'), 'base64url');
    const kept = this.#tools.details.get(key);
    if (kept) return { ...kept, index: item.index };
    if (this.#asked > 0 && performance.now() > this.#endsAtMs) {
      throw new HostBusy(`fetch: ${plan.name}: detail pages take long, the next fetch goes on with them`, 1);
    }
    if (this.#tools.details.count(run) > detail.maxPages) {
      const message = `detail page ${url.href} is beyond the ${detail.maxPages} that detail.max_pages allows a run; the next one asks for it, raise the limit if that is right`;
      return rejected(item, { reason: 'out_of_range', message });
    }
    this.#asked++;
    const completed = await this.#ask(item, url);
    // What failed now may work at the next run.
    if ('raw' in completed) this.#tools.details.keep(key, completed, rawText(completed.raw).length);
    return completed;
  }

  async #ask(item: ReadItem, url: URL): Promise<PageItem> {
    const { plan, context } = this.#setting;
    const { http, status } = watchStatus(this.#setting.http);
    const request = { url, followed: true, accept: htmlAccept, conditions: {} };
    context.onProgress({ detail: url.href });
    try {
      const answer = await inTurn(() => fetchDocument(plan, request, http, context), context.signal);
      return await this.#merge(item, url, answer);
    } catch (error) {
      const rejection = rejectionOf(plan, error, url, status(), context.lastAttempt === true);
      // Each of them holds up everything else for a second.
      if (this.#setting.slow.tooMany) throw error;
      if (rejection) return rejected(item, rejection);
      throw ofPage(error, url);
    }
  }

  async #merge(item: ReadItem, url: URL, answer: Answer): Promise<PageItem> {
    const { plan, context } = this.#setting;
    switch (answer.kind) {
      case 'rate_limited': {
        const waitMs = answer.notBefore.getTime() - answer.fetchedAt.getTime();
        throw new HostBusy(`fetch: ${plan.name}: ${url.host} asks to be left alone for ${waitMs} ms`, waitMs);
      }
      case 'not_modified':
      case 'ignored':
        return item;
      case 'document':
        return withPage(plan.name, answer.response, this.#tools, context.signal, (page) => {
          const scope = { element: page.document };
          const read = patiently(this.#tools.within, () => readFields(this.#fields, scope, page));
          if (!read) {
            this.#setting.slow.note();
            throw tooSlow(plan.name, 'detail.fields', 'a regex of their transforms');
          }
          const { value } = item.raw;
          const own = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
          // A field may be named `__proto__`.
          const record = Object.fromEntries([...own, ...Object.entries(read.record)]);
          return itemOf({ record, missing: read.missing }, item.index);
        });
    }
  }
}

/** What is wrong with the item, where an error has to do with its page alone; null where it is the source's. */
function rejectionOf(
  { onResponse }: HtmlPlan,
  error: unknown,
  url: URL,
  status: number | null,
  lastAttempt: boolean,
): Rejection | null {
  const page = `detail page ${url.href}`;
  if (error instanceof OverLimit) return { reason: 'too_large', message: `${page}: ${messageOf(error)}` };
  if (error instanceof WrongShape || error instanceof PrivateAddress) {
    return { reason: 'wrong_shape', message: `${page}: ${messageOf(error)}` };
  }
  // One page that stays away must not keep all others from being stored.
  if (error instanceof SourceUnavailable && lastAttempt) {
    return { reason: 'wrong_shape', message: `${page}: ${messageOf(error)}; the next run asks for it again` };
  }
  if (!(error instanceof SourceRefused)) return null;
  // Without an answer: it redirects to something that is no page.
  if (status === null) return { reason: 'wrong_shape', message: `${page}: ${messageOf(error)}` };
  const isMeant = onResponse.some((rule) => rule.action === 'fail' && rule.status === status);
  // Without credentials no page is to be had.
  if (isMeant || status === 401) return null;
  return { reason: 'wrong_shape', message: `${page} answered ${status}, expected 200` };
}

/** Names the page in a failure of the source. */
function ofPage(error: unknown, url: URL): unknown {
  const message = `${messageOf(error)} (detail page ${url.href})`;
  if (error instanceof SourceUnavailable) {
    return new SourceUnavailable(message, error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs });
  }
  return error instanceof SourceRefused ? new SourceRefused(message) : error;
}

function rejected({ index, raw }: ReadItem, rejection: Rejection): PageItem {
  return { index, rejection, recordText: rawText(raw) };
}
