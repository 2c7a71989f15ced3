import { fromWire, toWire } from '../../domain/error-wire.ts';
import { decodeText } from '../text/decode-document.ts';
import type { ModuleFetch, ModuleResponse } from './module-api.ts';
import { ModuleLoader } from './module-loader.ts';
import type { FetchedWire, FromModule, ToModule } from './module-messages.ts';
import { ModulePages } from './module-pages.ts';

/** A request that the main thread is asked for. */
interface Request {
  readonly resolve: (response: ModuleResponse) => void;
  readonly reject: (error: Error) => void;
}

/** A call of the module. */
interface Call {
  readonly pages: Promise<ModulePages>;
  readonly stop: AbortController;
  readonly requests: Map<number, Request>;
  /** The charset of responses by the configuration; null = nothing. */
  readonly encoding: string | null;
}

/** Runs a module in its own thread: its requests are made by the main thread. */
export class ModuleRunner {
  readonly #send: (message: FromModule) => void;
  readonly #loader = new ModuleLoader();
  readonly #calls = new Map<number, Call>();
  #requests = 0;

  constructor(send: (message: FromModule) => void) {
    this.#send = send;
  }

  take(message: ToModule): void {
    if (message.kind === 'ping') return this.#send({ kind: 'pong' });
    if (message.kind === 'start') return this.#start(message);
    const call = this.#calls.get(message.call);
    if (!call) return;
    switch (message.kind) {
      case 'next':
        void this.#next(message.call, call);
        return;
      case 'abort':
        call.stop.abort(new Error(message.why));
        return;
      case 'close':
        this.#calls.delete(message.call);
        // A module that could not be loaded has nothing to clean up.
        void call.pages.then(
          (pages) => pages.close(),
          () => undefined,
        );
        return;
      case 'fetched':
        settled(call, message.request)?.resolve(responseOf(message.response, call.encoding));
        return;
      case 'fetchFailed':
        settled(call, message.request)?.reject(fromWire(message.error));
    }
  }

  #start({ call: number, path, given, encoding, quotes }: Extract<ToModule, { kind: 'start' }>): void {
    const stop = new AbortController();
    const requests: Call['requests'] = new Map();
    const context = { ...given, signal: stop.signal, fetch: this.#fetchFor(number, requests) };
    const load = async () => {
      const run = await this.#loader.load(given.source, path);
      return new ModulePages(given.source, () => run(context), quotes);
    };
    const pages = load();
    // The first page reports it.
    pages.catch(() => undefined);
    this.#calls.set(number, { pages, stop, requests, encoding });
  }

  async #next(number: number, call: Call): Promise<void> {
    try {
      const page = await (await call.pages).take();
      this.#send({ kind: 'page', call: number, page });
    } catch (error) {
      this.#send({ kind: 'failed', call: number, error: toWire(error) });
    }
  }

  #fetchFor(call: number, requests: Call['requests']): ModuleFetch {
    return async (url: string | URL, { method, headers, body } = {}) => {
      const request = this.#requests++;
      const options = {
        ...(method === undefined ? {} : { method }),
        ...(headers === undefined ? {} : { headers: { ...headers } }),
        ...(body === undefined ? {} : { body }),
      };
      return new Promise((resolve, reject) => {
        requests.set(request, { resolve, reject });
        this.#send({ kind: 'fetch', call, request, url: String(url), options });
      });
    };
  }
}

function settled({ requests }: Call, number: number): Request | undefined {
  const request = requests.get(number);
  requests.delete(number);
  return request;
}

function responseOf({ body, ...rest }: FetchedWire, encoding: string | null): ModuleResponse {
  const bytes = Buffer.from(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength);
  const text = () => decodeText(bytes, rest.headers['content-type'], encoding);
  return { ...rest, body: bytes, text, json: () => JSON.parse(text()) as unknown };
}
