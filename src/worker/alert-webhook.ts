import type { Alert } from '../domain/monitoring/alert.ts';
import { SourceUnavailable } from '../domain/errors.ts';
import type { Instance } from '../domain/instance.ts';
import type { HttpClient } from '../sources/http/http-client.ts';

/** Sends an alert. @throws if that failed; the message contains no part of the address */
export type AlertWebhook = (alert: Alert, signal: AbortSignal) => Promise<void>;

const timeoutMs = 5_000;

/** Posts alerts as JSON, with the instance where it is not the default one. */
export function createAlertWebhook(client: HttpClient, url: string, instance: Instance): AlertWebhook {
  return async (alert, signal) => {
    const status = await postAlert(client, url, { ...alert, ...instance.labelled('instance') }, signal);
    if (status < 200 || status >= 300)
      throw new SourceUnavailable(`DAYBOOK_ALERT_WEBHOOK answered ${status}, expected 2xx`);
  };
}

/** Posts what looks like an alert. @returns the status of the answer */
export async function postAlert(client: HttpClient, url: string, body: object, signal: AbortSignal): Promise<number> {
  const { status } = await client.send(
    {
      subject: 'DAYBOOK_ALERT_WEBHOOK',
      url,
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      own: {
        origin: new URL(url).origin,
        headers: {},
      },
      allowPrivate: true,
      timeoutMs,
      maxBodyBytes: 1024 * 1024,
      proxy: null,
    },
    signal,
  );
  return status;
}
