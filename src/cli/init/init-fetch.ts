import { version } from '../../config/version.ts';
import { CannotStart, PrivateAddress } from '../../domain/errors.ts';
import { unlimited } from '../../domain/plan/host-budget.ts';
import { noopMetrics } from '../../domain/run/metrics.ts';
import type { HttpResponse } from '../../sources/http/http-client.ts';
import { createHttpTools } from '../../sources/http/http-tools.ts';
import type { Context } from '../options/context.ts';

/** Fetches what a user named: a private address is then intended. */
export interface InitFetch {
  /** Whether the first address was private. */
  readonly isPrivate: boolean;
  get(url: string): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** @param headers sent to the origin of the first address only */
export function openInitFetch({ environment }: Context, headers: Readonly<Record<string, string>>): InitFetch {
  const tools = createHttpTools({
    version,
    proxies: environment.proxies,
    budget: unlimited,
    limitOf: () => null,
    measures: noopMetrics,
  });
  let origin: string | null = null;
  let isPrivate = false;
  const send = (url: string, allowPrivate: boolean): Promise<HttpResponse> => {
    origin ??= new URL(url).origin;
    return tools.client.send(
      {
        subject: 'init',
        url,
        method: 'GET',
        body: null,
        headers: { accept: '*/*' },
        allowPrivate,
        own: { origin, headers },
        timeoutMs: 30_000,
        maxBodyBytes: 64 * 1024 ** 2,
        proxy: null,
      },
      new AbortController().signal,
    );
  };
  return {
    get isPrivate() {
      return isPrivate;
    },
    async get(url) {
      const isFirst = origin === null;
      try {
        return await send(url, isPrivate);
      } catch (error) {
        if (!isFirst || !(error instanceof PrivateAddress)) throw error;
        isPrivate = true;
        return send(url, true);
      }
    },
    close: () => tools.client.close(),
  };
}

/** @throws CannotStart if the answer has no content to be read */
export function assertAnswered(url: string, { status }: HttpResponse): void {
  if (status >= 200 && status < 300) return;
  throw new CannotStart(`init: ${url} answered ${status}, expected 200${statusAdvice(status)}`);
}

function statusAdvice(status: number): string {
  if (status === 404 || status === 410) return '; check the address';
  if (status !== 401 && status !== 403) return '';
  return "; does it need credentials? Add --auth 'bearer:${env:TOKEN}' or --header 'X-Key: ${env:KEY}'";
}
