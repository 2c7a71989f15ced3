import { hash } from 'node:crypto';
import {
  HostBusy,
  OverLimit,
  PrivateAddress,
  RobotsDisallowed,
  SourceRefused,
  SourceUnavailable,
  TooCostly,
  UnreadableBody,
  WrongShape,
  messageOf,
} from '../../domain/errors.ts';
import { joinTallies, type FieldTally } from '../../domain/run/field-tally.ts';
import type { DateOrder } from '../../domain/plan/plan-parts.ts';
import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { Rejection } from '../../domain/dead-letters/rejection.ts';
import type { HtmlPlan } from '../../domain/plan/source-plan.ts';
import { htmlAccept } from '../http/accept-headers.ts';
import { itemFromWire, recordOfText, type TextItem } from '../compute/wire-item.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { textForDeadLetter } from '../extraction/extract-record.ts';
import { fetchDocument, type Answer, type HttpTools } from '../http/fetch-document.ts';
import { retryWhenBusy } from '../http/retry-when-busy.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { PageItem } from '../extraction/page.ts';
import { detailCacheOf, type DetailCache } from './detail-cache.ts';
import { recordStatus } from './status-recorder.ts';

/** A fetch that has requested detail pages for this long ends, and the next one continues: it has five minutes in all. */
const maxFetchMs = 120_000;

/** Detail pages of a fetch that may take too much computing. */
const maxCostly = 3;

export interface DetailSetting {
  readonly plan: HtmlPlan;
  readonly http: HttpTools;
  readonly context: FetchContext;
  /** Whose pages are counted. */
  readonly run: string;
  /** How the source wrote dates of numbers last. */
  readonly dateOrder: DateOrder | null;
}

/** An item that has its own page. */
type LinkedItem = TextItem & { readonly link: string };

/** Web pages, and the detail pages of their items. */
export class DetailPages {
  readonly #setting: DetailSetting;
  readonly #kept: DetailCache;
  readonly #endsAtMs = performance.now() + maxFetchMs;
  /** How the source wrote dates of numbers last. */
  #dateOrder: DateOrder | null;
  #asked = 0;
  #costly = 0;

  constructor(setting: DetailSetting) {
    this.#setting = setting;
    this.#kept = detailCacheOf(setting.http);
    this.#dateOrder = setting.dateOrder;
  }

  format(): DocumentFormat {
    const { reader } = this.#setting.context;
    return {
      accept: htmlAccept,
      read: async (response, fetchedAt, { place }) => {
        const remembered = { items: null, unknown: 'free', dateOrder: this.#dateOrder } as const;
        const { items, ...rest } = await reader.readDocument(response, fetchedAt, place, remembered);
        this.#dateOrder = rest.patch.dateOrder ?? this.#dateOrder;
        const fields = joinTallies(rest.fields ?? {}, this.#linked(items));
        return {
          ...rest,
          fields,
          items: items.map((item) => (isLinked(item) ? this.#completable(item) : itemFromWire(item))),
        };
      },
    };
  }

  /** Whether any item has its own page. */
  #linked(items: readonly object[]): FieldTally {
    const path = this.#setting.plan.detail?.url ?? '';
    return items.length === 0 ? {} : { [`detail.url (${path})`]: items.some(isLinked) ? 0 : items.length };
  }

  #completable(item: LinkedItem): PageItem {
    return { ...recordOfText(item), complete: () => this.#complete(item, new URL(item.link)) };
  }

  async #complete(item: LinkedItem, url: URL): Promise<PageItem> {
    const { plan, run } = this.#setting;
    const key = hash('sha256', [plan.name, plan.shapeFingerprint, url.href, item.text].join('\n'), 'base64url');
    const kept = this.#kept.get(key);
    if (kept) return { ...kept, index: item.index };
    if (this.#asked > 0 && performance.now() > this.#endsAtMs) {
      throw new HostBusy(`fetch: ${plan.name}: detail pages take long; the next fetch continues with them`, 1);
    }
    const maxPages = plan.detail?.maxPages ?? 0;
    if (this.#kept.count(run) > maxPages) {
      const message = `${pageName(plan, url)} exceeds detail.max_pages (${maxPages} per run); the next run fetches it. Raise the limit if needed`;
      return rejected(item, { reason: 'out_of_range', message });
    }
    this.#asked++;
    const completed = await this.#ask(item, url);
    // What failed now may work at the next run.
    if ('raw' in completed) this.#kept.keep(key, completed, completed.raw.text?.length ?? 0);
    return completed;
  }

  async #ask(item: LinkedItem, url: URL): Promise<PageItem> {
    const { plan, context } = this.#setting;
    const { http, status } = recordStatus(this.#setting.http);
    const request = { url, followed: true, accept: htmlAccept, conditions: {} };
    context.onProgress({ detail: hidesValues(plan) ? 'a page' : url.href });
    try {
      const answer = await retryWhenBusy(() => fetchDocument(plan, request, http, context), context.signal);
      return await this.#merge(item, url, answer);
    } catch (error) {
      const named = hidesValues(plan) ? nameless(plan.name, error) : error;
      const rejection = rejectionOf(plan, named, pageName(plan, url), status(), context.lastAttempt === true);
      if (rejection) return rejected(item, rejection);
      throw ofPage(named, pageName(plan, url));
    }
  }

  async #merge(item: LinkedItem, url: URL, answer: Answer): Promise<PageItem> {
    const { plan, context } = this.#setting;
    switch (answer.kind) {
      case 'rate_limited': {
        const waitMs = answer.notBefore.getTime() - answer.fetchedAt.getTime();
        const host = hidesValues(plan) ? 'a host' : url.host;
        throw new HostBusy(`fetch: ${plan.name}: ${host} asks for ${waitMs} ms without requests`, waitMs);
      }
      case 'not_modified':
      case 'refused':
      case 'ignored':
        return recordOfText(item);
      case 'document': {
        const merged = await context.reader.mergeDetail(item, answer.response, this.#dateOrder);
        const isCostly = 'rejection' in merged && merged.rejection.reason === 'too_costly';
        if (!isCostly) return merged;
        if (++this.#costly > maxCostly) {
          throw new TooCostly(
            `fetch: ${plan.name}: ${this.#costly} detail pages of one fetch need too much CPU time; the last: ${merged.rejection.message}`,
          );
        }
        return rejected(item, {
          reason: 'too_costly',
          message: `${pageName(plan, url)}: ${merged.rejection.message}`,
        });
      }
    }
  }
}

function isLinked(item: object): item is LinkedItem {
  return 'link' in item && typeof item.link === 'string';
}

/** The page of an item in messages. Its address is a value of the source. */
function pageName(plan: HtmlPlan, url: URL): string {
  return hidesValues(plan) ? 'a detail page' : `detail page ${url.href}`;
}

/** The same error, without the host and path that it may name. */
function nameless(source: string, error: unknown): unknown {
  const message = `fetch: ${source}: a detail page failed; its address is ${hiddenValue}`;
  if (error instanceof HostBusy) return new HostBusy(message, error.waitMs);
  const own = [OverLimit, PrivateAddress, RobotsDisallowed, SourceRefused, TooCostly, UnreadableBody, WrongShape].find(
    (type) => error instanceof type,
  );
  if (own) return new own(message);
  if (!(error instanceof SourceUnavailable)) return error;
  return new SourceUnavailable(message, error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs });
}

/** What is wrong with the item, where an error has to do with its page alone; null if it is the source's. */
function rejectionOf(
  { onResponse }: HtmlPlan,
  error: unknown,
  page: string,
  status: number | null,
  lastAttempt: boolean,
): Rejection | null {
  if (error instanceof OverLimit) return { reason: 'too_large', message: `${page}: ${messageOf(error)}` };
  if (error instanceof WrongShape || error instanceof PrivateAddress) {
    return { reason: 'wrong_shape', message: `${page}: ${messageOf(error)}` };
  }
  // One missing page must not prevent all others from being stored.
  if (error instanceof SourceUnavailable && lastAttempt) {
    return { reason: 'wrong_shape', message: `${page}: ${messageOf(error)}; the next run fetches it again` };
  }
  if (!(error instanceof SourceRefused)) return null;
  // Without an answer: it redirects to something that is not a page.
  if (status === null) return { reason: 'wrong_shape', message: `${page}: ${messageOf(error)}` };
  const isMeant = onResponse.some((rule) => rule.action === 'fail' && rule.status === status);
  // Without credentials no page can be fetched.
  if (isMeant || status === 401) return null;
  return { reason: 'wrong_shape', message: `${page} answered ${status}, expected 200` };
}

/** Names the page in a failure of the source. */
function ofPage(error: unknown, page: string): unknown {
  const message = `${messageOf(error)} (${page})`;
  if (error instanceof SourceUnavailable) {
    return new SourceUnavailable(message, error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs });
  }
  return error instanceof SourceRefused ? new SourceRefused(message) : error;
}

function rejected({ index, text }: TextItem, rejection: Rejection): PageItem {
  return { index, rejection, recordText: textForDeadLetter(text) };
}
