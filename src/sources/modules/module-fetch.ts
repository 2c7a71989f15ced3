import { SourceUnavailable } from '../../domain/errors.ts';
import type { ModulePlan } from '../../domain/plan/source-plan.ts';
import { waitForSlot, type HttpTools } from '../http/fetch-document.ts';
import { decodeText } from '../text/decode-document.ts';
import { askedWait } from '../http/rate-limit.ts';
import { statusError } from '../http/status.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { ModuleFetch, ModuleRequest, ModuleResponse } from './module-api.ts';

/** `context.fetch` of a module. */
export function createModuleFetch(plan: ModulePlan, tools: HttpTools, { signal }: FetchContext): ModuleFetch {
  return async (address, request: ModuleRequest = {}): Promise<ModuleResponse> => {
    const url = new URL(address);
    await waitForSlot(plan.name, url.host, null, tools, signal);
    const body = request.body ?? null;
    const { leftOrigin, ...response } = await tools.client.send(
      {
        subject: plan.name,
        url: url.href,
        body,
        headers: { accept: '*/*' },
        proxy: null,
        method: request.method ?? (body === null ? 'GET' : 'POST'),
        own: {
          origin: url.origin,
          headers: request.headers ?? {},
        },
        allowPrivate: plan.allowPrivate,
        timeoutMs: plan.timeoutMs,
        maxBodyBytes: plan.maxBodyBytes,
      },
      signal,
    );
    const asked = askedWait(response.status, response.headers, new Date());
    if (asked.isRateLimit && asked.waitMs !== null) {
      await tools.budget.slowDown(url.host, new Date(Date.now() + asked.waitMs));
    }
    const error = statusError(response.status, plan.name, asked, leftOrigin);
    if (error) throw error;
    if (response.status > 299) {
      throw new SourceUnavailable(`fetch: ${plan.name} answered ${response.status}, expected 200 to 299`);
    }
    const text = () => decodeText(response.body, response.headers['content-type'], plan.encoding ?? null);
    return { ...response, text, json: () => JSON.parse(text()) as unknown };
  };
}
