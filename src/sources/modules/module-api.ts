/**
 * A module written by a user: a file whose default export is an async generator function of pages.
 *
 * ```ts
 * import type { ModuleContext, ModulePage } from 'daybook/module';
 *
 * export default async function* (context: ModuleContext): AsyncGenerator<ModulePage> {
 *   for (let page = Number(context.cursor ?? 1); ; page++) {
 *     const response = await context.fetch(`https://api.example.com/items?page=${page}`);
 *     const { items, last } = response.json() as { items: object[]; last: boolean };
 *     yield last ? { records: items } : { records: items, cursor: page + 1 };
 *     if (last) return;
 *   }
 * }
 * ```
 *
 * What it throws is a failed attempt, repeated as the source's `retry` says; an error with `retryable: false` is not.
 */
export type SourceModule = (context: ModuleContext) => AsyncIterable<ModulePage> | Iterable<ModulePage>;

/** What a module receives. */
export interface ModuleContext {
  /** Name of the source. */
  readonly source: string;
  /** `options` of the configuration, secrets filled in. */
  readonly options: Readonly<Record<string, unknown>>;
  /**
   * Where to continue: the `cursor` of the last stored page; null = at the beginning. A run calls the module several times: the
   * pages of a few seconds are stored together, and the next call continues after them.
   */
  readonly cursor: unknown;
  /** The furthest `occurred_at` of earlier polls, ISO 8601; null before the first has ended. The same for a whole poll. */
  readonly since: string | null;
  /** End of the window that a backfill asks for, exclusive, ISO 8601; null in a poll, which reads everything new. */
  readonly until: string | null;
  /** Aborted when the run is cancelled or the worker stops. */
  readonly signal: AbortSignal;
  /** Fetches as other sources do: in the host's queue, within limits, never a private address. */
  readonly fetch: ModuleFetch;
}

export type ModuleFetch = (url: string, request?: ModuleRequest) => Promise<ModuleResponse>;

export interface ModuleRequest {
  /** @default GET, or POST where there is a body */
  readonly method?: 'GET' | 'POST';
  /** Sent to the origin of `url` only, never across a redirect to another. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface ModuleResponse {
  /** 200 to 299: any other status is thrown as the error that it is for the other kinds of source. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the last redirect led. */
  readonly url: string;
  readonly body: Buffer;
  /** The body in its charset: by `encoding` of the source, else its byte order mark, its bytes and its headers. */
  readonly text: () => string;
  /** The body as JSON. Numbers are JavaScript's: use `text` where ids have more than 15 digits. */
  readonly json: () => unknown;
}

/** A page of records. */
export interface ModulePage {
  /** Objects that can be written as JSON; anything else becomes a dead letter. */
  readonly records: readonly unknown[];
  /** Names what comes after this page: a value that can be written as JSON. Left out = this was the last page. */
  readonly cursor?: unknown;
}
