import { inspect } from 'node:util';
import type { ModulePlace } from '../domain/fetch.ts';
import { DaybookError, messageOf, SourceRefused, SourceUnavailable, WrongShape } from '../domain/errors.ts';
import { excerpt } from '../domain/excerpt.ts';
import type { ModulePlan } from '../domain/source.ts';
import type { SourceState } from '../domain/state.ts';
import type { HttpTools } from './http/fetch-document.ts';
import { createModuleFetch } from './modules/module-fetch.ts';
import type { ModuleContext, ModulePage } from './modules/module-api.ts';
import type { ModuleLoader } from './modules/module-loader.ts';
import type { FetchContext, Page, PageItem } from './page.ts';

export interface ModuleTools {
  readonly http: HttpTools;
  readonly modules: ModuleLoader;
  /** Makes a path of the configuration absolute. */
  readonly resolvePath: (path: string) => string;
}

/** Longest text of a record that JSON cannot express. */
const maxInspected = 10_000;

/** Where a poll begins: where an earlier one broke off, else at the module's own beginning. */
export function firstModulePlace({ unfinished, watermark }: SourceState): ModulePlace {
  const { page, cursor, since } = unfinished ?? { page: 0, cursor: null, since: watermark };
  return { type: 'module', page, cursor, skip: 0, since, recentPages: [] };
}

/**
 * The pages of a module, from a place on. `plan` has its secrets filled in.
 * @throws SourceRefused, WrongShape; SourceUnavailable for what the module throws
 */
export async function* readModulePages(
  plan: ModulePlan,
  from: ModulePlace,
  tools: ModuleTools,
  context: FetchContext,
): AsyncGenerator<Page> {
  const path = tools.resolvePath(plan.module);
  const run = await tools.modules.load(plan.name, path);
  const fault = new AbortController();
  const unwatch = tools.modules.faults.watch(path, (error) => fault.abort(error));
  const given: ModuleContext = {
    ...{
      source: plan.name,
      options: plan.options,
      since: from.since,
      until: from.until ?? null,
      signal: context.signal,
    },
    cursor: from.cursor === null ? null : (JSON.parse(from.cursor) as unknown),
    fetch: createModuleFetch(plan, tools.http, context),
  };
  const pages = new ModulePages(plan.name, () => run(given), context.signal, fault.signal);
  try {
    for (let place: ModulePlace | null = from; place !== null;) {
      context.onProgress({ page: place.page });
      const page = await pages.take();
      const next: ModulePlace | null = await placeAfter(plan.name, place, page, pages);
      const items = (page?.records ?? []).map(itemOf);
      yield { items, fetchedAt: new Date(), next, patch: {} };
      place = next;
    }
  } finally {
    unwatch();
    pages.close();
  }
}

/** What the module yields, one at a time. */
class ModulePages {
  readonly #subject: string;
  readonly #start: () => AsyncIterable<unknown> | Iterable<unknown>;
  readonly #signal: AbortSignal;
  /** Aborted where the module throws what nobody awaits. */
  readonly #fault: AbortSignal;
  #pages: AsyncIterator<unknown> | Iterator<unknown> | null = null;

  constructor(
    subject: string,
    start: () => AsyncIterable<unknown> | Iterable<unknown>,
    signal: AbortSignal,
    fault: AbortSignal,
  ) {
    this.#subject = subject;
    this.#start = start;
    this.#signal = signal;
    this.#fault = fault;
  }

  /** The next page; null where there is none. */
  async take(): Promise<ModulePage | null> {
    let result: IteratorResult<unknown>;
    try {
      this.#pages ??= iteratorOf(this.#subject, this.#start());
      result = await abortable(this.#pages.next(), AbortSignal.any([this.#signal, this.#fault]));
    } catch (error) {
      this.#signal.throwIfAborted();
      throw thrownByModule(this.#subject, error);
    }
    return result.done === true ? null : checkedPage(this.#subject, result.value);
  }

  /** Lets the module clean up; it is not waited for. */
  close(): void {
    const returned = this.#pages?.return?.();
    if (returned instanceof Promise) returned.catch(() => undefined);
  }
}

function iteratorOf(subject: string, pages: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof pages === 'object' && pages !== null) {
    if (Symbol.asyncIterator in pages) return (pages as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in pages) return (pages as Iterable<unknown>)[Symbol.iterator]();
  }
  const found = pages instanceof Promise ? 'a promise' : pages === null ? 'null' : typeof pages;
  throw new WrongShape(`module: ${subject} returns ${found}, expected an async generator (async function*)`);
}

/** A module that does not heed the signal must not hold up the worker's end. */
async function abortable<T>(result: Promise<T> | T, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function checkedPage(subject: string, page: unknown): ModulePage {
  if (typeof page === 'object' && page !== null && 'records' in page && Array.isArray(page.records)) {
    return page as ModulePage;
  }
  const found = inspect(page, { depth: 1, maxArrayLength: 3, maxStringLength: 80, breakLength: Infinity });
  throw new WrongShape(`module: ${subject} yielded ${found}, expected a page such as { records: [...], cursor: 2 }`);
}

/** A page without a cursor must be the last: a run could not go on behind it. */
async function placeAfter(
  subject: string,
  place: ModulePlace,
  page: ModulePage | null,
  pages: ModulePages,
): Promise<ModulePlace | null> {
  if (page === null) return null;
  if (page.cursor === undefined || page.cursor === null) {
    if ((await pages.take()) === null) return null;
    throw new WrongShape(
      `module: ${subject} yielded another page after one without a cursor, expected a cursor on every page but the last`,
    );
  }
  return { ...place, page: place.page + 1, cursor: cursorText(subject, page.cursor) };
}

function cursorText(subject: string, cursor: unknown): string {
  let why = `${typeof cursor} has no JSON`;
  try {
    const text = JSON.stringify(cursor) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    why = messageOf(error);
  }
  throw new WrongShape(`module: ${subject} yielded a cursor that cannot be written as JSON (${why})`);
}

function itemOf(record: unknown, index: number): PageItem {
  let why = `${typeof record} has no JSON`;
  try {
    // Dates become text and undefined members go here, not later: what is hashed must be what is stored.
    const text = JSON.stringify(record) as string | undefined;
    if (text !== undefined) return { index, raw: { value: JSON.parse(text), exact: false, mayBeDeep: true } };
  } catch (error) {
    why = messageOf(error).split('\n', 1)[0] ?? '';
  }
  const message = `the module yielded a record that cannot be written as JSON (${why})`;
  const recordText = JSON.stringify(excerpt(inspect(record), maxInspected));
  return { index, rejection: { reason: 'wrong_shape', message }, recordText };
}

function thrownByModule(subject: string, error: unknown): unknown {
  if (error instanceof DaybookError) return error;
  const message = `module: ${subject} failed: ${messageOf(error)}`;
  const permanent = error instanceof Error && 'retryable' in error && error.retryable === false;
  return permanent ? new SourceRefused(message, { cause: error }) : new SourceUnavailable(message, { cause: error });
}
