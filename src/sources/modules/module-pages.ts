import { inspect } from 'node:util';
import { DaybookError, messageOf, SourceRefused, SourceUnavailable, WrongShape } from '../../domain/errors.ts';
import { hiddenValue } from '../../domain/plan/shaping-plan.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import type { RefusedItem } from '../extraction/page.ts';
import type { TextItem } from '../compute/wire-item.ts';
import type { ModulePage } from './module-api.ts';
import type { ModulePageWire } from './module-messages.ts';

/** Longest text of a record that JSON cannot express. */
const maxInspected = 10_000;

/** What a module yields, one at a time. */
export class ModulePages {
  readonly #subject: string;
  readonly #start: () => unknown;
  readonly #quotes: boolean;
  #pages: AsyncIterator<unknown> | Iterator<unknown> | null = null;

  /**
   * @param start calls the module
   * @param quotes whether messages may show what it throws or yields
   */
  constructor(subject: string, start: () => unknown, quotes = true) {
    this.#subject = subject;
    this.#start = start;
    this.#quotes = quotes;
  }

  /** The next page; null if there is none. @throws WrongShape; SourceUnavailable, SourceRefused for what the module throws */
  async take(): Promise<ModulePageWire | null> {
    let result: IteratorResult<unknown>;
    try {
      this.#pages ??= iteratorOf(this.#subject, this.#start());
      result = await this.#pages.next();
    } catch (error) {
      throw thrownByModule(this.#subject, error, this.#quotes);
    }
    if (result.done === true) return null;
    const page = checkedPage(this.#subject, result.value, this.#quotes);
    return { items: page.records.map(itemOf), cursor: cursorOf(this.#subject, page) };
  }

  /** Lets the module clean up, without waiting for it. */
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

function checkedPage(subject: string, page: unknown, quotes: boolean): ModulePage {
  if (typeof page === 'object' && page !== null && 'records' in page && Array.isArray(page.records)) {
    return page as ModulePage;
  }
  const options = { depth: 1, maxArrayLength: 3, maxStringLength: 80, breakLength: Infinity };
  const found = quotes ? inspect(page, options) : `what is ${hiddenValue}`;
  throw new WrongShape(`module: ${subject} yielded ${found}, expected a page such as { records: [...], cursor: 2 }`);
}

function cursorOf(subject: string, { cursor }: ModulePage): string | null {
  if (cursor === undefined || cursor === null) return null;
  let why = `${typeof cursor} has no JSON`;
  try {
    const text = JSON.stringify(cursor) as string | undefined;
    if (text !== undefined) return text;
  } catch (error) {
    why = messageOf(error);
  }
  throw new WrongShape(`module: ${subject} yielded a cursor that cannot be written as JSON (${why})`);
}

function itemOf(record: unknown, index: number): TextItem | RefusedItem {
  let why = `${typeof record} has no JSON`;
  try {
    // Dates become text and undefined members go here, not later: what is hashed must be what is stored.
    const text = JSON.stringify(record) as string | undefined;
    if (text !== undefined) return { index, text };
  } catch (error) {
    why = messageOf(error).split('\n', 1)[0] ?? '';
  }
  const message = `the module yielded a record that cannot be written as JSON (${why})`;
  const recordText = JSON.stringify(truncate(inspect(record), maxInspected));
  return { index, rejection: { reason: 'wrong_shape', message }, recordText };
}

function thrownByModule(subject: string, error: unknown, quotes: boolean): DaybookError {
  if (error instanceof DaybookError) return error;
  const message = `module: ${subject} failed: ${quotes ? messageOf(error) : unquoted(error)}`;
  const permanent = error instanceof Error && 'retryable' in error && error.retryable === false;
  return permanent ? new SourceRefused(message) : new SourceUnavailable(message);
}

/** An error without its message: a module may say in it what it read. */
function unquoted(error: unknown): string {
  const place =
    error instanceof Error ? /[^/\\\s()]+:\d+:\d+/.exec(error.stack?.split('\n    at ')[1] ?? '')?.[0] : undefined;
  const where = place === undefined ? '' : ` at ${place}`;
  return `${error instanceof Error ? error.constructor.name : typeof error}${where}, whose message is ${hiddenValue}`;
}
