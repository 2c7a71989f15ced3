import type { ExportPlan, ExportRequestPlan } from '../../domain/plan/export-plan.ts';
import type { ExportConfig } from '../schema/export-schema.ts';
import { holdsSecret, maskLiterals, maskOptions, maskUrl } from '../secrets/secrets.ts';

type RequestConfig = Pick<ExportConfig['download'], 'url' | 'method' | 'params' | 'headers' | 'body'>;

/** @param url of the source */
export function exportPlan(config: ExportConfig, url: string): ExportPlan {
  const { submit, status, download, cancel, idempotency_header: idempotencyHeader = null } = config;
  const { job } = submit;
  return {
    submit: {
      ...requestPlan('submit', { ...submit, url: submit.url ?? url }),
      job: typeof job === 'string' ? { path: job } : job,
    },
    status: {
      ...requestPlan('status', status),
      doneWhen: status.done_when,
      failedWhen: status.failed_when ?? null,
      message: status.message ?? null,
      everyMs: status.every,
      timeoutMs: status.timeout,
    },
    download: requestPlan('download', download),
    cancel: cancel ? requestPlan('cancel', cancel) : null,
    idempotencyHeader,
  };
}

/** What the first fingerprint has of an export: how long a run waits for a job makes it no other source. */
export function askedOfExport({ status, ...rest }: ExportConfig): object {
  const { every: _every, timeout: _timeout, message: _message, ...asked } = status;
  return { ...rest, status: asked };
}

function requestPlan(part: string, { method, url, params, headers, body }: RequestConfig): ExportRequestPlan {
  const place = `export/${part}`;
  const request = {
    url: maskUrl(url, `${place}/url`),
    params: maskLiterals(`${place}/params`, params),
    headers: maskLiterals(`${place}/headers`, headers),
    ...(body === undefined ? {} : { body: maskOptions(`${place}/body`, body) }),
  };
  const secretParams = Object.keys(params).filter((name) => holdsSecret(request.params[name]));
  const secretHeaders = Object.keys(headers).filter((name) => holdsSecret(request.headers[name]));
  return {
    method,
    ...request,
    ...(secretParams.length > 0 ? { secretParams } : {}),
    ...(secretHeaders.length > 0 ? { secretHeaders } : {}),
    ...(holdsSecret(request.body) ? { secretBody: true as const } : {}),
  };
}
