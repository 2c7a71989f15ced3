import { SourceUnavailable } from '../../../../src/domain/errors.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../../../src/sources/http/http-client.ts';

/** How the API of a model behaves. */
export interface ApiTraits {
  readonly paging: 'page_number' | 'offset' | 'cursor' | 'json_link' | 'numbered_link';
  readonly newestFirst: boolean;
  /** Whether it knows a parameter that asks for what is new. */
  readonly knowsSince: boolean;
  readonly pageSize: number;
  /** What it says of the end, where pages are counted. */
  readonly ending: 'empty' | 'has_more' | 'total' | 'clamp' | 'refuse';
  /** Empty pages that it puts before each page that has a token or link. */
  readonly emptyPages: number;
  /** Pages that are shorter than asked for, where that is allowed. */
  readonly shortPages: boolean;
}

/** What happens while a poll runs, just before its request of that number. */
export interface ApiEvent {
  readonly request: number;
  readonly kind: 'insert' | 'delete' | 'update' | 'break' | 'lie';
  readonly count: number;
}

export interface ModelRecord {
  readonly id: number;
  readonly at: string;
}

const startMs = Date.parse('2026-01-01T00:00:00Z');

/** An API of which every record is known. */
export class ApiModel implements HttpClient {
  readonly #traits: ApiTraits;
  #records: ModelRecord[] = [];
  #ticks = 0;
  #lastId = 0;
  #epoch = 0;
  #request = 0;
  /** The request of this poll before which records are inserted. */
  #inserts: number | null = null;
  #events: readonly ApiEvent[] = [];

  constructor(traits: ApiTraits, size: number) {
    this.#traits = traits;
    for (let n = 0; n < size; n++) this.insert();
  }

  get records(): readonly ModelRecord[] {
    return this.#records;
  }

  now(): Date {
    return new Date(startMs + ++this.#ticks * 1000);
  }

  insert(): void {
    this.#records.push({ id: ++this.#lastId, at: this.now().toISOString() });
  }

  /** Tokens of earlier polls are refused from now on. */
  expireTokens(): void {
    this.#epoch++;
  }

  /** A poll begins. */
  begin(events: readonly ApiEvent[]): void {
    this.#events = events;
    this.#request = 0;
    this.#inserts = null;
  }

  async send({ url: address }: HttpRequest): Promise<HttpResponse> {
    const url = new URL(address);
    const request = ++this.#request;
    const now = this.#events.filter((event) => event.request === request);
    for (const event of now) this.#happen(event);
    if (now.some(({ kind }) => kind === 'break')) throw new SourceUnavailable('fetch: the model broke off');
    const { status, body } = this.#answer(
      url,
      now.some(({ kind }) => kind === 'lie'),
    );
    return { status, headers: {}, url: address, body: Buffer.from(JSON.stringify(body)) };
  }

  async close(): Promise<void> {}

  /** Twice just a page in a row looks as the last page does where that is given for each later one. */
  #mayInsert(request: number): boolean {
    if (!this.#isCounted) return true;
    this.#inserts ??= request;
    return this.#inserts === request;
  }

  #happen({ kind, count, request }: ApiEvent): void {
    for (let n = 0; n < count; n++) {
      if (kind === 'insert' && this.#mayInsert(request)) this.insert();
      if (!this.#mayDelete || this.#records.length === 0) continue;
      const at = (count * 7 + n) % this.#records.length;
      const [taken] = kind === 'delete' || kind === 'update' ? this.#records.splice(at, 1) : [];
      if (taken && kind === 'update') this.#records.push({ ...taken, at: this.now().toISOString() });
    }
  }

  /**
   * Records that move or go while pages are numbered move others to pages that were read: see `lag`. Pages that begin anywhere
   * overlap, and show it, unless they have one record only.
   */
  get #mayDelete(): boolean {
    return !this.#isCounted || (this.#traits.paging === 'offset' && this.#traits.pageSize > 1);
  }

  get #isCounted(): boolean {
    return ['page_number', 'offset', 'numbered_link'].includes(this.#traits.paging);
  }

  #answer(url: URL, lies: boolean): { readonly status: number; readonly body: unknown } {
    const { paging, newestFirst, knowsSince, pageSize, ending } = this.#traits;
    const since = knowsSince ? url.searchParams.get('since') : null;
    const wanted = this.#records.filter(({ at }) => since === null || Date.parse(at) >= Date.parse(since));
    const list = newestFirst ? wanted.toReversed() : wanted;
    if (!this.#isCounted) return this.#answerByToken(list, url.searchParams.get('after'), url);
    if (paging === 'numbered_link') return this.#answerByNumberedLink(list, url);
    const isPage = paging === 'page_number';
    const given = Number(url.searchParams.get(isPage ? 'page' : 'offset'));
    const pages = Math.max(1, Math.ceil(list.length / pageSize));
    const asked = isPage ? (given - 1) * pageSize : given;
    if (ending === 'refuse' && asked > 0 && asked >= list.length) return { status: 404, body: { error: 'no page' } };
    const start = ending === 'clamp' && isPage ? (Math.min(given, pages) - 1) * pageSize : asked;
    const items = list.slice(start, start + pageSize);
    const total = isPage ? pages : list.length;
    return {
      status: 200,
      body: { items, more: start + pageSize < list.length, total: lies ? (asked === 0 ? 0 : total - 1) : total },
    };
  }

  /** The link to the next page is its number: what comes at the front moves all pages. */
  #answerByNumberedLink(list: readonly ModelRecord[], url: URL) {
    const { pageSize } = this.#traits;
    const page = Number(url.searchParams.get('page') ?? 1);
    const link = new URL(url);
    link.searchParams.set('page', String(page + 1));
    const items = list.slice((page - 1) * pageSize, page * pageSize);
    return { status: 200, body: { items, next: page * pageSize < list.length ? link.href : null } };
  }

  /** Tokens name the last record that was given, so what comes and goes moves nothing. */
  #answerByToken(list: readonly ModelRecord[], token: string | null, url: URL) {
    const { newestFirst, pageSize, emptyPages, shortPages, paging } = this.#traits;
    const [epoch, last, skipped] = token === null ? [this.#epoch, '', 0] : readToken(token);
    if (epoch !== this.#epoch) return { status: 410, body: { error: 'expired' } };
    const isAfter = ({ at }: ModelRecord) => last === '' || (newestFirst ? at < last : at > last);
    const rest = list.filter(isAfter);
    const size = shortPages ? Math.max(1, pageSize - (rest.length % pageSize)) : pageSize;
    const isEmpty = skipped < emptyPages && rest.length > 0;
    const items = isEmpty ? [] : rest.slice(0, size);
    const next =
      isEmpty || rest.length > size ? `${this.#epoch}/${items.at(-1)?.at ?? last}/${isEmpty ? skipped + 1 : 0}` : null;
    if (paging === 'cursor' || next === null) return { status: 200, body: { items, next } };
    const link = new URL(url);
    link.searchParams.set('after', next);
    return { status: 200, body: { items, next: link.href } };
  }
}

function readToken(token: string): [epoch: number, last: string, skipped: number] {
  const [epoch = '', last = '', skipped = ''] = token.split('/');
  return [Number(epoch), last, Number(skipped)];
}
