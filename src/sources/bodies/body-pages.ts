import { randomUUID } from 'node:crypto';
import type { HttpFormatPlan } from '../../domain/plan/source-plan.ts';
import type { BodyPosition } from '../../domain/state/body-position.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { CopyGone, type BodyCopies } from '../../domain/storage/body-copies.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Page } from '../extraction/page.ts';
import type { OpenReaders } from '../files/open-readers.ts';
import type { RecordReader } from '../files/record-reader.ts';
import type { Answer, HttpTools } from '../http/fetch-document.ts';
import { askFor, parts, readAnswer, type FetchedPage } from '../http/http-pages.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { pageAddress } from '../pagination/page-request.ts';
import { assertRows } from './assert-rows.ts';
import { joined } from './body-bytes.ts';
import { formatOfHead } from './body-format.ts';
import { BodyChanged, liveBodyOf, liveBytes, liveIn, type RequestFrom } from './live-body.ts';
import { afterBody, linkAfter } from './next-body.ts';
import { isRows, openBody, type OpenedBody } from './open-body.ts';
import { charsetOfRows, openRows, positionOf, type RowsContent } from './open-rows.ts';
import { bodyName } from './rows-format.ts';

/** What reading bodies of rows takes. */
export interface BodyTools {
  readonly http: HttpTools;
  readonly readers: OpenReaders;
  /** Copies of this run; null = a preview: nothing is stored, and no other fetch continues. */
  readonly copies: BodyCopies | null;
  /** A body up to this size is held. */
  readonly wholeBytes: number;
  /** Names the run. */
  readonly run: string;
}

/** A large body that is being read. */
interface OpenBody {
  readonly position: BodyPosition;
  readonly reader: RecordReader;
  /** Stands for the body, where pages are compared. */
  readonly hash: string;
}

/** An answer, and its body; null where there is none, as within a body. */
interface Opening {
  readonly answer: Answer | null;
  readonly opened: OpenedBody | null;
  /** Where its body is copied to. */
  readonly copies: BodyCopies | null;
}

/** Bytes of an answer to a request for a part of a body that are held before it is read: just those that come first. */
const rangeStart = 0;

/**
 * The pages of a source whose bodies may be large: CSV, JSON lines, or what the answers say. A small body is a page as those of other
 * formats. A large one is read in stretches: from the source itself if that can continue it anywhere, else from a copy in the store.
 */
export class BodyPages {
  readonly #plan: HttpFormatPlan;
  readonly #format: DocumentFormat;
  readonly #state: SourceState;
  readonly #tools: BodyTools;
  readonly #context: FetchContext;

  constructor(
    plan: HttpFormatPlan,
    format: DocumentFormat,
    state: SourceState,
    tools: BodyTools,
    context: FetchContext,
  ) {
    this.#plan = plan;
    this.#format = format;
    this.#state = state;
    this.#tools = tools;
    this.#context = context;
  }

  /** From a position on. */
  async *read(from: HttpPosition): AsyncGenerator<Page> {
    for (let place: HttpPosition | null = from; place !== null;) {
      this.#context.onProgress({ page: place.page });
      const opening: Opening = place.body ? { answer: null, opened: null, copies: null } : await this.#open(place);
      const { answer, opened } = opening;
      if (answer && (opened === null || 'whole' in opened)) {
        const response = opened && answer.kind === 'document' ? { ...answer, response: opened.whole } : answer;
        const read: FetchedPage = await readAnswer(this.#plan, this.#format, place, response);
        yield* parts(read.page, place, read.next);
        place = read.next;
        continue;
      }
      let next: HttpPosition | null = null;
      try {
        for await (const page of this.#stretches(place, opening)) {
          next = page.next;
          yield page;
        }
      } catch (error) {
        if (!(error instanceof BodyChanged || error instanceof CopyGone)) throw error;
        yield { items: [], fetchedAt: new Date(), next: null, patch: {}, counts: false, restarts: error.message };
        return;
      }
      place = next;
    }
  }

  async #open(place: HttpPosition): Promise<Opening> {
    const { copies, wholeBytes } = this.#tools;
    const stream = {
      wants: ({ status, ...head }: Pick<HttpResponse, 'status' | 'headers' | 'url'>) => {
        const found = formatOfHead(this.#plan, head);
        return status === 200 && (found === null || isRows(found.format));
      },
      wholeBytes,
      maxBytes: this.#plan.maxStreamBytes,
    };
    // The copies of earlier pages have been read: this position was reached behind them.
    if (place.copied) await copies?.clear();
    const own = copies && (place.copied ? copies : clearedFirst(copies));
    const more = { stream, identity: true };
    const answer = await askFor(this.#plan, this.#format, place, this.#state, this.#tools.http, this.#context, more);
    if (answer.kind !== 'document') return { answer, opened: null, copies: own };
    const { onProgress } = this.#context;
    try {
      const opened = await openBody(this.#plan, answer.response, { copies: own, onProgress, wholeBytes });
      return { answer, opened, copies: own };
    } catch (error) {
      answer.response.rest?.close();
      throw error;
    }
  }

  /** Reads a large body in stretches, from where the position says. */
  async *#stretches(
    from: HttpPosition,
    { answer, opened, copies }: Opening,
  ): AsyncGenerator<Page & { readonly next: HttpPosition | null }> {
    const { readers } = this.#tools;
    const { signal, onProgress } = this.#context;
    const { name } = this.#content(from);
    const { position, reader, hash } =
      from.body || answer?.kind !== 'document' || opened === null || 'whole' in opened
        ? await this.#resume(from)
        : await this.#begin(from, answer.response, opened, copies);
    let body = position;
    let next: HttpPosition | null = null;
    try {
      for (let ended = false; !ended;) {
        signal.throwIfAborted();
        const before = body;
        const stretch = await reader.read(positionOf(name, body));
        ({ ended } = stretch);
        const { offset, lines } = stretch.readTo;
        body = { ...body, offset, lines, records: body.records + stretch.items.length };
        onProgress({ page: from.page, offset });
        next = ended ? null : withBody(this.#plan, from, body);
        const isFirst = before.offset === 0 && before.records === 0;
        yield {
          items: stretch.items,
          fetchedAt: new Date(),
          next: ended ? afterBody(this.#plan, withBody(this.#plan, from, body), body) : next,
          patch: ended && this.#plan.paginator.type === 'single_page' ? validatorsOf(body) : {},
          stretch: { hash: isFirst ? hash : null },
          counts: isFirst,
          warnings: stretch.warnings ?? [],
        };
      }
    } finally {
      if (next?.body) readers.keep(this.#key(next.body), reader);
      else await reader.close();
    }
  }

  /** Opens a body that was not read yet: it is copied, unless its source can continue it. */
  async #begin(
    place: HttpPosition,
    response: HttpResponse,
    opened: Exclude<OpenedBody, { readonly whole: HttpResponse }>,
    copies: BodyCopies | null,
  ): Promise<OpenBody> {
    const { format, tabs, start, rest, isPlain } = opened;
    const { headers } = response;
    const contentType = isPlain ? headers['content-type'] : undefined;
    assertRows(this.#plan, format, start, contentType);
    const live = isPlain && place.copies !== true ? liveBodyOf(this.#plan, response) : null;
    const known = {
      format,
      charset: charsetOfRows(this.#plan, start, contentType),
      ...(tabs ? { tabs: true as const } : {}),
      offset: 0,
      lines: 0,
      records: 0,
      etag: headers['etag'] ?? null,
      lastModified: headers['last-modified'] ?? null,
      link: linkAfter(this.#plan, place, response),
    };
    const first = joined(start, rest);
    if (live || copies === null) {
      const position = { ...known, bytes: live?.bytes ?? Number.MAX_SAFE_INTEGER, copy: null };
      return this.#opened(place, position, first, live?.etag ?? randomUUID());
    }
    const copy = await copies.write(first, (bytes) => this.#context.onProgress({ page: place.page, bytes }));
    return this.#opened(place, { ...known, bytes: copy.bytes, copy: copy.name }, null, copy.sha256);
  }

  async #opened(
    place: HttpPosition,
    position: BodyPosition,
    first: AsyncIterable<Buffer> | null,
    hash: string,
  ): Promise<OpenBody> {
    const reader = await openRows(this.#plan, this.#content({ ...place, body: position }, first), position);
    return { position, reader, hash };
  }

  /** Continues a body, with the reader that an earlier fetch has left or a new one. */
  async #resume(place: HttpPosition): Promise<OpenBody> {
    const { body: position } = place;
    if (!position) throw new TypeError(`source ${this.#plan.name} has no body to continue`);
    const kept = await this.#tools.readers.take(this.#key(position), position.offset);
    const reader = kept ?? (await openRows(this.#plan, this.#content(place), position));
    return { position, reader, hash: '' };
  }

  #content(place: HttpPosition, first: AsyncIterable<Buffer> | null = null): RowsContent {
    const { copies, http } = this.#tools;
    const { body } = place;
    const name = bodyName(pageAddress(this.#plan, place).url.href);
    let unread = first;
    return {
      name,
      opensAnywhere: copies !== null,
      open: (offset) => {
        const copy = body?.copy ?? null;
        if (body && copy !== null && copies) return copies.stream({ name: copy, bytes: body.bytes }, offset);
        const live = body ? liveIn(body) : null;
        const taken = offset === 0 ? unread : null;
        unread = null;
        if (taken && !live) return taken;
        const request: RequestFrom = (from, etag) =>
          askFor(this.#plan, this.#format, place, this.#state, http, this.#context, rangeOf(from, etag));
        return liveBytes(this.#plan, live ?? { etag: '', bytes: 0 }, offset, request, taken);
      },
    };
  }

  #key({ copy, etag }: BodyPosition): string {
    return `${this.#tools.run}\n${copy ?? etag}`;
  }
}

/** Copies that first delete those of attempts that were killed: a run whose worker is killed often would fill the disk. */
function clearedFirst(copies: BodyCopies): BodyCopies {
  let isCleared = false;
  return {
    ...copies,
    async write(content, onPart) {
      if (!isCleared) await copies.clear();
      isCleared = true;
      return copies.write(content, onPart);
    },
  };
}

/** A request for a part of a body. A refusal says that it is another one. */
function rangeOf(from: number, etag: string) {
  const stream = { wants: () => true, wholeBytes: rangeStart, maxBytes: Number.MAX_SAFE_INTEGER };
  const mayRefuse = new Set([404, 410, 412, 416]);
  return { stream, identity: true, range: { from, etag }, conditions: {}, mayRefuse };
}

/** A position within a body. Pages that overlap by a record are told by their records, which stretches do not compare. */
function withBody({ paginator }: HttpFormatPlan, place: HttpPosition, body: BodyPosition): HttpPosition {
  const plain = paginator.type === 'offset' ? { overlaps: false } : {};
  return { ...place, ...plain, body, ...(body.copy === null ? {} : { copied: true as const }) };
}

function validatorsOf({ etag, lastModified }: BodyPosition) {
  return { etag, lastModified };
}
